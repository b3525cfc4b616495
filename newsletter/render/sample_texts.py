"""What the sample issue says: short stories, long and awkward titles, and one block of each kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from newsletter.markup import markdown
from newsletter.markup.clean import Addresses, clean
from newsletter.markup.images import Size
from newsletter.render.sample_art import address

# A post's own HTML; the first story has more.
HTML = """
<h2>A heading</h2><p>A <strong>paragraph</strong> with <a href="https://example.org/">a link</a>.</p>
<ul><li>one</li><li>two</li></ul><blockquote><p>Said.</p></blockquote><pre><code>print(1)</code></pre>
<figure><img src="https://example.org/image.png" alt="A picture"><figcaption>A picture</figcaption></figure>
<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table><hr>
"""


@dataclass(frozen=True)
class Told:
    """One story of the sample."""

    title: str
    summary: str = ""
    authors: tuple[str, ...] = ()
    picture: str = ""
    alt: str = ""
    picture_dark: str = ""
    note: str = ""
    language: str = ""


STORIES = (
    Told(
        "🚂 The Night Train Learns to Whisper",
        "Quieter brakes, thicker curtains and a conductor who knows when to say nothing: three small changes that are "
        "bringing sleepers back to lines that had given them up.",
        ("Leila Benhaddou", "Tomás Lindqvist"),
        address("hills"),
        "A train crosses a viaduct at dusk",
        address("night"),
        "The picture was taken from the slow line.\nWorth the detour.",
    ),
    Told(
        "A Lighthouse That Keeps Two Calendars",
        "On the far side of the date line the lamp is lit on Tuesday and put out on Monday.",
        ("Mira Okafor",),
        address("sea"),
        "A lighthouse above a calm sea",
    ),
    Told(
        "👩‍🚀 What Astronauts Miss Most, 🏴󠁧󠁢󠁳󠁣󠁴󠁿 Rain Included",
        "Not gravity. Weather, it turns out: the smell of it, and something to complain about.",
        ("Yuki Hartmann",),
        address("night"),
        "A space station above the Earth at night",
    ),
    Told(
        "शहर की सबसे पुरानी घड़ी फिर चल पड़ी",
        "सत्तर साल बाद उसकी सुइयाँ हिलीं, और पूरा मोहल्ला समय देखने आ गया।",
        ("आशा वर्मा",),
        address("town"),
        "A clock tower above roofs",
        language="hi",
    ),
    Told(
        "The Mushroom Under Your Forest Is Older Than Your Country",
        "It weighs more than a whale, and has been in no hurry for two thousand years.",
        ("Callum Pereira",),
        address("wood"),
        "A forest floor with mushrooms",
        note="The map in it is a joy.",
    ),
    Told(
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" + "smitglied" * 3,
        "A title that is one word, because somewhere there is always one.",
        ("Nadia Reuter",),
        address("sea"),
        "A steamer on a wide river",
        language="de",
    ),
    Told(
        "كيف عاد البجع إلى النهر القديم",
        "بعد ثلاثين عامًا من الصمت، صارت الضفاف تمتلئ بالأجنحة من جديد.",
        ("سلمى حداد",),
        address("hills"),
        "Pelicans over a river",
        language="ar",
    ),
    Told(
        "The Extra Second",
        "Nobody noticed it, which is the point of it.",
        ("Yuki Hartmann",),
        address("town"),
        "A station clock",
    ),
    Told("No Picture, No Summary, No Author"),
    Told(
        "“Quotes” \\ <Tags> & Ampersands: a Field Guide",
        "For everybody who has ever seen &amp;amp; in the wild.",
        ("Ada",),
        address("wood"),
        'A sign that says "<b>"',
    ),
    Told("Two Words for Tea", "By land it is cha, by sea it is tea.", ("Mira Okafor",)),
    Told("The Border in the Hallway", "In one house the bed is abroad.", ("Callum Pereira",)),
)

ARABIC = (
    Told(
        "🚂 القطار الليلي يتعلّم الهمس",
        "مكابح أهدأ وستائر أثخن ومفتّش يعرف متى يصمت: ثلاثة تغييرات صغيرة تعيد قطارات النوم إلى خطوط كانت قد هجرتها.",
        ("ليلى بن حدّو", "طارق منصور"),
        address("hills"),
        "قطار يعبر جسرًا عند الغروب",
        address("night"),
        "الصورة من الخط البطيء.\nتستحق المشاهدة.",
    ),
    Told(
        "منارة بتقويمين",
        "على الجانب الآخر من خط التاريخ يُضاء المصباح يوم الثلاثاء ويُطفأ يوم الاثنين.",
        ("ميرا عكاش",),
        address("sea"),
        "منارة فوق بحر هادئ",
    ),
    Told(
        "ما الذي يفتقده روّاد الفضاء؟",
        "ليست الجاذبية، بل الطقس: رائحته، وشيء يشكون منه.",
        ("يوسف حرب",),
        address("night"),
        "محطة فضائية فوق الأرض ليلًا",
    ),
    Told("The Extra Second", "Nobody noticed it, which is the point of it.", ("Yuki Hartmann",), language="en"),
    Told("بلا صورة ولا ملخّص"),
)

OPENING = """\
Good morning from the attic, where the heating has come on at last.

This week’s letters were mostly about trains, so trains come first. If you read only one thing, read
[the mushroom](https://example.org/stories/4).
"""
CLOSING = """\
That is all. Open a window, and have a good week.

::: poll Where shall we go next week?
- To the sea ⛵
- Up the mountain
- Nowhere
:::
"""
ARABIC_OPENING = """\
صباح الخير من غرفة السطح، حيث عاد الدفء أخيرًا.

كانت معظم رسائل هذا الأسبوع عن القطارات، فبدأنا بها. وإن لم تقرأ إلا شيئًا واحدًا، فاقرأ
[قصة المنارة](https://example.org/stories/1).
"""
ARABIC_CLOSING = """\
هذا كل شيء. افتح نافذة، وأسبوعًا طيبًا.

::: poll إلى أين نمضي الأسبوع القادم؟
- إلى البحر ⛵
- إلى الجبل
- لا مكان
:::
"""
_SITE = "https://example.org"
_HILLS, _SEA, _NIGHT, _TOWN = (address(name) for name in ("hills", "sea", "night", "town"))
# One block of each kind, some of them twice: with all they can have, and with little.
_STORY = f"""\
At twenty past ten the lights go down in the corridor, and *somebody* closes a door so softly that you hear only the
[latch]({_SITE}/latch). That is new.

For years the sleepers were loud. Then three people in a workshop asked what the noise was for.

## 🔧 What they *changed*

Not much, as it happens:

- brakes that let go **slowly**,
- felt under every hinge,
- and a rule that nobody announces anything after eleven.

<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{_NIGHT}"><img src="{_HILLS}"
alt="Hills with a railway line"></picture>
<figcaption>The line at dusk. <em>Picture: the editors</em></figcaption></figure>

> A train should be heard arriving, never leaving.
>
> <cite>Ines Aldana</cite>

### In figures

<table><caption>Noise in the corridor</caption><thead><tr><th>Night</th><th>Before</th><th>After</th></tr></thead>
<tbody><tr><td>Monday</td><td>61 dB</td><td>48 dB</td></tr><tr><td>Friday</td><td>66 dB</td><td>51 dB</td></tr></tbody>
</table>

```
if clock.hour >= 23:
    speaker.mute()
```

::: video {_SITE}/film
![The sea]({_SEA})
Three minutes in compartment nine
:::

::: video {_SITE}/film-2
The brake, taken apart
:::

::: gallery
![Hills]({_HILLS})
[![A town]({_TOWN})]({_SITE}/town)
![The sea]({_SEA})
Three stops before midnight
:::

---

::: sponsor {_SITE}/nightcaps Nod & Co.
![A shop window]({_TOWN})
Nightcaps in wool, made to stay on. Readers get the second one free.
:::

::: poll When do you sleep best?
- On the train
- At home
- During meetings
:::

::: button {_SITE}/timetable
See the timetable
:::

::: subscribe
Like this? Have it sent.
:::

And if you wake at three, look out: that is the best of it.
"""


@lru_cache(maxsize=1)
def story_html() -> str:
    """A post that holds one block of each kind, as collecting would have left it."""
    addresses = replace(Addresses.against(_SITE), size=lambda _: Size(1200, 640))
    return clean(markdown.render(_STORY), addresses, trusted=True).html
