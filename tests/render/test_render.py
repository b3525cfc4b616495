"""What is sent: subject, HTML and text with holes, links that lead past us, the same each time."""

import re
from itertools import pairwise

import pytest

from newsletter import holes, links
from newsletter.models import Edition, Link
from newsletter.render import RenderError, preview, render, untracked
from newsletter.render.headers import for_nobody
from subscribers.models import List
from tests.factories import make_list
from tests.render.conftest import KEY, READER
from tests.render.dom import Dom

pytestmark = pytest.mark.django_db
ARTICLE = """<h2>🐫 By land</h2>
<p>He said <em>&ldquo;hi&rdquo;</em> to <a href="https://example.org/a?b=1&amp;c=2">all</a>.</p>
<blockquote><p>A quote</p></blockquote><figure><img src="https://example.org/p.png" alt="A map">
<figcaption>Cap</figcaption></figure><table><tr><th>a</th><td>b</td></tr></table><pre><code>x = 1
.y</code></pre><hr><h4>End</h4><ul><li>one</li></ul>"""


def filled(issue, text: str) -> str:
    return holes.fill(text, holes.marker(issue.pk, KEY), READER)


def test_the_same_issue_rendered_twice_is_one_row(make_issue, make_config):
    issue, config = make_issue({}, {"section": "World"}), make_config()
    first, second = render(issue, config, KEY), render(issue, config, KEY)
    assert first.pk == second.pk
    assert Edition.objects.count() == 1


def test_an_edit_makes_another_row(make_issue, make_config):
    issue, config = make_issue(), make_config()
    first = render(issue, config, KEY)
    issue.items.update(note="Mind the gap")
    assert render(issue, config, KEY).digest != first.digest


def test_holes_are_filled_for_a_reader_and_none_is_left(make_issue, make_config):
    issue = make_issue()
    edition = render(issue, make_config(), KEY)
    html, text = filled(issue, edition.html), filled(issue, edition.text)
    assert edition.marker not in html + text
    assert "/u/TOKEN" in html
    assert text.rstrip().endswith("/u/TOKEN")
    assert "ada@example.org" in html
    assert "ada@example.org" in text


def test_what_looks_like_a_hole_in_a_post_stays_text(make_issue, make_config):
    other = holes.hole("h" + "0" * 20, "token")
    issue = make_issue({"title": f"Mind {other}", "summary": "{{ reader.email }} {token}"})
    html = filled(issue, render(issue, make_config(), KEY).html)
    assert other in html
    assert "{{ reader.email }} {token}" in html


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/🐳?a=1&b=2#frag%20ment",
        "https://münchen.example/straße?q=ä ö",
        "https://example.org/?x=%F0%9F%90%B3&amp=1&copy=2",
        "https://example.org/?q='quoted'",
        "http://example.org/(x)[y]{z}|~*;,:@!$",
        "HTTPS://EXAMPLE.org/A",
    ],
)
def test_a_tracked_link_leads_byte_for_byte_to_its_address(make_issue, make_config, url):
    issue, config = make_issue({"url": url}), make_config()
    edition = render(issue, config, KEY)
    link = Link.objects.get(url=url)
    through = links.click(config, link.pk, holes.hole(edition.marker, "token"))
    assert Dom(edition.html).hrefs().count(through) == 3
    assert url in edition.text
    assert Dom(preview(issue, config, KEY).html).hrefs().count(url) == 3


def test_our_own_links_and_mail_links_are_not_tracked(make_issue, make_config):
    issue, config = make_issue({"html": '<p><a href="mailto:x@example.org">x</a></p>'}), make_config()
    direct = [href for href in Dom(render(issue, config, KEY).html).hrefs() if "/c/" not in href]
    assert {href.split(":")[0] for href in direct} == {"mailto", "http"}
    online = f"{config.site.url}/issues/weekly/{issue.slug}/"
    token = holes.hole(holes.marker(issue.pk, KEY), "token")
    personal = {make(config, token) for make in (links.unsubscribe, links.preferences, links.like)}
    anybody = links.subscribe(config, "weekly", issue.slug)
    assert {href for href in direct if href.startswith("http")} == {online, f"{online}#replies", anybody, *personal}


def test_an_address_that_is_only_text_is_not_rewritten(make_issue, make_config):
    issue = make_issue({"url": "https://example.org/x", "summary": 'See <a href="https://example.org/x">'})
    assert 'See <a href="https://example.org/x">' in Dom(render(issue, make_config(), KEY).html).text()


def test_tracking_can_be_turned_off(make_issue, make_config):
    issue = make_issue()
    html = render(issue, make_config(track={"opens": False, "clicks": False}), KEY).html
    assert "/c/" not in html
    assert "/o/" not in html
    assert not Link.objects.exists()


def test_where_a_provider_counts_clicks_links_are_known_and_left_as_they_are(make_issue, make_config):
    issue = make_issue({"url": "https://example.org/x"})
    theirs = make_config(track={"opens": False, "clicks": False}, send={"sendgrid": {"tracking": "theirs"}})
    html = render(issue, theirs, KEY).html
    assert "/c/" not in html
    assert "https://example.org/x" in set(Link.objects.values_list("url", flat=True))
    marker = holes.marker(issue.pk, KEY)
    assert not any(marker in url for url in Link.objects.values_list("url", flat=True))


def test_the_pixel_stands_once_at_the_end_and_says_nothing(make_issue, make_config):
    issue = make_issue()
    *_, last = Dom(render(issue, make_config(), KEY).html).all("img")
    assert last["src"].endswith("-token-o.gif")
    assert (last["alt"], last["width"], last["height"]) == ("", "1", "1")


def unseen(html):
    """The hidden links of a mail."""
    return [one for one in Dom(html).all("a") if one.get("tabindex") == "-1"]


@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
def test_the_first_link_is_one_that_nobody_sees_hears_or_comes_to_by_keys(make_issue, make_config, layout):
    config = make_config(newsletters={"weekly": {"layout": layout}})
    edition = render(issue := make_issue(), config, KEY)
    (hidden,) = unseen(edition.html)
    assert hidden["href"] == Dom(edition.html).hrefs()[0]
    assert (hidden["style"], hidden["aria-hidden"]) == ("display:none;mso-hide:all", "true")
    number = int(re.search(r"/c/(\d+)/", hidden["href"])[1])
    assert Link.objects.get(pk=number).url == f"{config.site.url}/issues/weekly/{issue.slug}/?unseen"
    assert Link.unseen([issue.pk]) == {number}
    assert re.search(r"<a\s[^>]*tabindex[^>]*></a>", edition.html), "there is nothing in it"


def test_it_is_in_no_text_and_nowhere_that_a_person_looks(make_issue, make_config):
    edition = render(issue := make_issue(), make_config(), KEY)
    assert "unseen" not in edition.text
    assert not unseen(untracked(edition))
    assert not unseen(preview(issue, make_config(), KEY).html)


@pytest.mark.parametrize(
    "track", [{"honeypot": False}, {"clicks": False}], ids=["where it is not wanted", "where clicks are not counted"]
)
def test_there_is_none(make_issue, make_config, track):
    assert not unseen(render(issue := make_issue(), make_config(track=track), KEY).html)
    assert Link.unseen([issue.pk]) == set()


def test_a_newsletter_that_watches_nobody_holds_neither_pixel_nor_rewritten_links(make_issue, make_config):
    html = render(make_issue(), make_config(newsletters={"weekly": {"track": "off"}}), KEY).html
    assert "/c/" not in html
    assert "/o/" not in html
    assert not Link.objects.exists()


def test_a_newsletter_that_counts_all_together_is_rendered_as_any_other(make_issue, make_config):
    issue = make_issue()
    together = make_config(newsletters={"weekly": {"track": "aggregate"}})
    assert render(issue, together, KEY) == render(issue, make_config(), KEY)


def test_a_preview_leaves_no_trace(make_issue, make_config, django_assert_num_queries):
    issue, config = make_issue({}, {}), make_config()
    with django_assert_num_queries(3):  # its stories, its own blocks, and whether anybody may subscribe
        mail = preview(issue, config, KEY)
    assert not Edition.objects.exists()
    assert not Link.objects.exists()
    assert "/o/" not in mail.html
    assert "/u/TOKEN" in filled(issue, mail.html)
    assert mail.mjml.lstrip().startswith("<mjml")


@pytest.mark.parametrize("layout", ["digest", "post"])
def test_the_html_is_ascii_in_short_lines_with_headings_in_order_and_alt_everywhere(make_issue, make_config, layout):
    items = [{"html": ARTICLE, "title": f"🐳 Story “{n}”", "section": f"S{n % 3}", "note": "Hm."} for n in range(5)]
    issue = make_issue(*items)
    config = make_config(
        newsletters={"weekly": {"layout": layout, "title": "Über 🌍", "logo": "https://example.org/l.png"}}
    )
    html = render(issue, config, KEY).html
    dom = Dom(html)
    assert html.isascii()
    assert "\\u{" not in html
    assert max(map(len, html.split("\n"))) <= 998
    assert not re.search(r"^\.", html, re.MULTILINE)
    assert all("alt" in image for image in dom.all("img"))
    levels = dom.headings()
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_a_third_party(make_issue, make_config):
    html = render(make_issue(), make_config(), KEY).html
    assert "<link" not in html
    assert "@import" not in html
    hosts = set(re.findall(r"(?:src=\"|url\()['\"]?https?://([^/\"']+)", html))
    assert hosts == {"example.org", "127.0.0.1:8000"}


def test_nine_long_stories_stay_below_what_gmail_clips(make_issue, make_config):
    items = [
        {
            "title": f"🐳 {'A rather long title ' * 5}{n}",
            "summary": "What it says, at length. " * 12,
            "section": f"S{n // 2}",
        }
        for n in range(9)
    ]
    assert len(render(make_issue(*items), make_config(), KEY).html) <= 85_000


@pytest.mark.parametrize(
    "title", ["خبر من العالم", "दुनिया की ख़बरें", "👩‍🚀 The 🏴󠁧󠁢󠁳󠁣󠁴󠁿 crew", '"Quotes" \\ <tags> & {{ 7*7 }}', "5\u00a0km"]
)
def test_a_title_reads_the_same_in_subject_html_and_text(make_issue, make_config, title):
    mail = preview(make_issue({"title": title}), make_config(), KEY)
    assert mail.subject == title
    assert title in Dom(mail.html).text()
    assert title in mail.text


def test_a_right_to_left_newsletter_runs_from_right_to_left(make_issue, make_config):
    config = make_config(newsletters={"weekly": {"language": "ar", "title": "أخبار"}})
    (root,) = Dom(preview(make_issue({"title": "خبر"}), config, KEY).html).all("html")
    assert (root["lang"], root["dir"]) == ("ar", "rtl")


def test_shortcodes_become_emoji_everywhere(make_issue, make_config):
    issue = make_issue({"title": ":whale: A"}, {"title": "B", "section": ":seedling: Earth", "note": ":tada:"})
    mail = preview(issue, make_config(), KEY)
    assert mail.subject == "🐳 A"
    assert "🌱 EARTH" in mail.text
    assert "🎉" in Dom(mail.html).text()


def test_an_editors_subject_is_taken_as_it_is_written(make_issue, make_config):
    issue = make_issue(subject="{{ lead.title }}\r\nBcc: x :tada: ", preheader="x" * 200)
    mail = preview(issue, make_config(), KEY)
    assert mail.subject == "{{ lead.title }} Bcc: x 🎉"
    assert len(mail.preheader) == 140


def test_a_subject_is_at_most_250_characters_and_ends_at_a_whole_emoji(make_issue, make_config):
    subject = preview(make_issue({"title": "👨‍👩‍👧‍👦" * 60}), make_config(), KEY).subject
    assert 200 < len(subject) <= 250
    assert set(subject.removesuffix("…").split("👨‍👩‍👧‍👦")) == {""}


def test_the_inbox_line_shows_no_more_than_the_preheader(make_issue, make_config):
    mail = preview(make_issue(preheader="Only this"), make_config(), KEY)
    hidden = Dom(mail.html).text().split("Only this", 1)[1][:180]
    assert re.fullmatch(r"[\s\u034f\u00a0]+", hidden)


def test_sections_hold_the_stories_after_the_lead_under_one_heading_each(make_issue, make_config):
    items = [{"title": f"T{n}", "section": name} for n, name in enumerate(["A", "A", "B", "A", ""])]
    text = preview(make_issue(*items), make_config(), KEY).text
    assert re.findall(r"^(?:T\d|A|B)$", text, re.MULTILINE) == ["T0", "A", "T1", "T3", "B", "T2", "T4"]


def test_a_post_is_told_in_full_and_the_others_follow(make_issue, post_config):
    mail = preview(make_issue({"html": ARTICLE}, {"title": "Next"}), post_config, KEY)
    dom = Dom(mail.html)
    assert dom.all("blockquote")
    assert {"alt": "A map", "src": "https://example.org/p.png"}.items() <= dom.all("img")[1].items()
    assert "Next" in dom.text()
    assert "x = 1\n.y" in dom.text()
    assert "> A quote" in mail.text


def test_a_post_twenty_thousand_tags_deep_is_rendered(make_issue, post_config):
    deep = "<blockquote>" * 20_000 + "core" + "</blockquote>" * 20_000
    assert "core" in preview(make_issue({"html": deep}), post_config, KEY).html


def test_an_issue_without_stories_is_refused(make_issue, make_config):
    issue = make_issue()
    issue.items.all().delete()
    with pytest.raises(RenderError, match="holds no stories"):
        render(issue, make_config(), KEY)


def test_a_newsletter_that_is_gone_from_the_configuration_is_named(make_issue, make_config):
    with pytest.raises(RenderError, match=r"config\.yaml has no newsletter 'gone'"):
        render(make_issue(newsletter="gone"), make_config(), KEY)


NAMED = {"weekly": {"subject": "{{ reader.name }}, {{ lead.title }}", "preheader": "For {{ reader.name }}"}}


def test_a_readers_name_in_a_pattern_is_escaped_in_html_and_plain_in_the_subject(make_issue, make_config):
    issue, name = make_issue({"title": "A"}), '"></title><a href=https://evil.example/>'
    edition = render(issue, make_config(newsletters=NAMED), KEY)
    reader = holes.values("TOKEN", "ada@example.org", name)
    html, subject = (holes.fill(part, edition.marker, reader) for part in (edition.html, edition.subject))
    dom = Dom(html)
    assert subject == f"{name}, A"
    assert not [href for href in dom.hrefs() if "evil" in href]
    assert dom.events[dom.events.index(("start", "title", {})) + 1] == ("text", f"{name}, A")
    assert f"For {name}" in dom.text()
    assert {"plain": "-name-o" in edition.html, "html": "-name-html-o" in edition.html} == {
        "plain": False,
        "html": True,
    }


def test_the_address_to_write_back_to_names_no_reader(make_issue, make_config):
    mail = preview(make_issue({"title": "A whale"}), make_config(newsletters=NAMED), KEY)
    (reply,) = [href for href in Dom(mail.html).hrefs() if href.startswith("mailto:weekly@")]
    assert reply.endswith("?subject=Re%3A%20A%20whale")


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("{}, the news", "the news"),
        ("Hello {}, the news", "Hello, the news"),
        ("Hello {}!", "Hello!"),
        ("The news for {} today", "The news for today"),
        ("The news, {}", "The news"),
        ("{} {}", ""),
        ("Bonjour !", "Bonjour !"),
    ],
)
def test_what_everybody_sees_names_nobody(pattern, shown):
    assert for_nobody(pattern.format(*[holes.hole("habc", "name")] * 2), "habc", []) == shown


def test_an_edition_is_shown_with_its_links_straight_and_without_its_pixel(make_issue, make_config):
    url = "https://example.org/?a=1&b=2"
    issue, config = make_issue({"url": url}), make_config()
    edition = render(issue, config, KEY)
    shown = Dom(untracked(edition))
    assert shown.hrefs() == Dom(preview(issue, config, KEY).html).hrefs()
    assert url in shown.hrefs()
    assert len(shown.all("img")) == len(Dom(edition.html).all("img")) - 1


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["atlas", "gazette", "letter"])
@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
def test_who_got_it_forwarded_finds_the_way_to_subscribe_which_names_nobody(make_issue, make_config, theme, layout):
    config = make_config(newsletters={"weekly": {"theme": theme, "layout": layout}})
    edition = render(issue := make_issue(), config, KEY)
    way = f"{config.site.url}/subscribe/weekly/?from=weekly/{issue.slug}"
    assert Dom(edition.html).hrefs().count(way) == 1, "it leads there straight, not by a link that is the reader's"
    assert edition.text.count(way) == 1
    make_list("readers", public=False)
    List.objects.update(public=False)
    closed = render(issue, config, KEY)
    assert "/subscribe/" not in closed.html + closed.text
    assert "Forwarded to you?" not in closed.html + closed.text


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("de", "Weitergeleitet bekommen?"), ("ar", "هل أُعيد إرسالها إليك؟")])
def test_who_got_it_forwarded_is_spoken_to_in_the_newsletters_language(make_issue, make_config, language, said):
    mail = preview(make_issue(), make_config(newsletters={"weekly": {"language": language}}), KEY)
    assert said in Dom(mail.html).text()
    assert said in mail.text
