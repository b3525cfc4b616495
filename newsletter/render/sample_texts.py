"""What the sample issue says: short stories, long and awkward titles, and one block of each kind."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from newsletter.render.blocks import Block, Picture
from newsletter.render.sample_art import address

# A post's own HTML; the first story is made of blocks instead, to show those that HTML has no tag for.
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

OPENING = (
    Block(
        "text",
        Markup(
            "<p>Good morning from the attic, where the heating has come on at last.</p><p>This week’s letters were "
            'mostly about trains, so trains come first. If you read only one thing, read <a href="https://example.org/'
            'stories/4">the mushroom</a>.</p>'
        ),
    ),
)
CLOSING = (
    Block("text", Markup("<p>That is all. Open a window, and have a good week.</p>")),
    Block(
        "poll", title="Where shall we go next week?", answers=("To the sea ⛵", "Up the mountain", "Nowhere"),
        number=1,
    ),
)  # fmt: skip


def story_blocks() -> tuple[Block, ...]:
    """One block of each kind, some of them twice: with all they can have, and with little."""
    site = "https://example.org"
    hills, sea, night, town = (address(name) for name in ("hills", "sea", "night", "town"))
    return (
        Block(
            "text",
            Markup(
                "<p>At twenty past ten the lights go down in the corridor, and <em>somebody</em> closes a door so "
                'softly that you hear only the <a href="https://example.org/latch">latch</a>. That is new.</p><p>For '
                "years the sleepers were loud. Then three people in a workshop asked what the noise was for.</p>"
            ),
        ),
        Block("heading", Markup("What they <em>changed</em>"), 2, "🔧"),
        Block(
            "text",
            Markup(
                "<p>Not much, as it happens:</p><ul><li>brakes that let go <strong>slowly</strong>,</li><li>felt under "
                "every hinge,</li><li>and a rule that nobody announces anything after eleven.</li></ul>"
            ),
        ),
        Block("image", Markup("The line at dusk. <em>Picture: the editors</em>"), src=hills, src_dark=night,
              alt="Hills with a railway line", width=1200, height=640),
        Block("quote", Markup("<p>A train should be heard arriving, never leaving.</p><cite>Ines Aldana</cite>")),
        Block("heading", Markup("In figures"), 3),
        Block(
            "table",
            Markup(
                "<table><caption>Noise in the corridor</caption><thead><tr><th>Night</th><th>Before</th><th>After</th>"
                "</tr></thead><tbody><tr><td>Monday</td><td>61 dB</td><td>48 dB</td></tr><tr><td>Friday</td>"
                "<td>66 dB</td><td>51 dB</td></tr></tbody></table>"
            ),
        ),
        Block("code", Markup("<pre><code>if clock.hour &gt;= 23:\n    speaker.mute()</code></pre>")),
        Block("video", src=sea, href=f"{site}/film", title="Three minutes in compartment nine", alt="The sea"),
        Block("video", href=f"{site}/film-2", title="The brake, taken apart"),
        Block("gallery", Markup("Three stops before midnight"), images=(
            Picture(hills, "Hills", width=1200, height=640), Picture(town, "A town", f"{site}/town", 1200, 640),
            Picture(sea, "The sea", width=1200, height=640, src_dark=night),
        )),
        Block("rule"),
        Block("sponsor", Markup("<p>Nightcaps in wool, made to stay on. Readers get the second one free.</p>"),
              src=town, alt="A shop window", href=f"{site}/nightcaps", title="Nod & Co.", width=1200, height=640),
        Block("poll", title="When do you sleep best?", answers=("On the train", "At home", "During meetings")),
        Block("button", Markup("See the timetable"), href=f"{site}/timetable"),
        Block("subscribe", Markup("<p>Like this? Have it sent.</p>")),
        Block("text", Markup("<p>And if you wake at three, look out: that is the best of it.</p>")),
    )  # fmt: skip
