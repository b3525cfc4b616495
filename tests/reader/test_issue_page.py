"""The page of an issue: all that belongs to it, from the way there to what to read next."""

# ruff: noqa: E501

import re
from datetime import timedelta

import pytest
from django.template import engines
from markupsafe import Markup

from newsletter import links
from newsletter.models import Correction
from newsletter.reader.frame import frame_of
from newsletter.render.blocks import Block
from tests.factories import (
    NOW,
    file_away,
    make_edition,
    make_item,
    make_message,
    make_post,
    make_sent_issue,
    token_of,
)
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db


def get(client, issue):
    answer = client.get(f"/issues/{issue.newsletter}/{issue.slug}/")
    assert answer.status_code == 200
    page = Page(answer)
    assert faults(page.source) == []
    return page


@pytest.fixture
def issue():
    """A digest of a story of ours and one from elsewhere, filed."""
    issue = make_sent_issue(subject="🌍 A whale falls")
    own = {"url": "", "authors": ["Zoé Lefèvre"], "tags": ["sea", "deep"], "image_url": "https://pics.test/w.png"}
    html = "<h2>🐋 Down</h2><p>Slowly.</p><blockquote><p>Blub.</p></blockquote>"
    make_item(issue, make_post(title="A whale falls", html=html, image_alt="A whale", **own))
    make_item(issue, make_post(title="Elsewhere & more"), section="World", section_emoji="🧭", note="Look\nhere.")
    file_away()
    return issue


def test_it_has_every_part_of_an_issue(client, issue):
    page = get(client, issue)
    text = page.text()
    for part in (
        "Skip to content", "Search", "Subscribe", "The Weekly", "A whale falls", "Zoé Lefèvre", "ZL",
        "Friday, 20 November 2026", "2 min read", "Down", "Slowly.", "Blub.", "World", "Elsewhere & more", "Look",
        "sea",
        "Share", "Bluesky", "Enjoyed this?", "Reply", "Privacy", "RSS", "©",
    ):  # fmt: skip
        assert part in text
    for part in ('id="replies"', 'aria-label="Breadcrumb"', '<span class="emoji" aria-hidden="true">🐋</span> Down'):
        assert part in page.source
    assert "<script>" not in page.source
    assert "style=" not in page.source


def test_the_title_is_said_once(client, issue):
    page = get(client, issue)
    assert page.headings()[:2] == [1, 2]
    assert page.source.count("A whale falls</h") == 1


def test_a_first_story_with_another_title_has_a_heading_of_its_own(client, issue):
    issue.edition.subject = "This week"
    issue.edition.save()
    page = get(client, issue)
    assert '<h2 id="lead-title"' in page.source
    assert "<h3" in page.source.partition("Down")[0].rpartition("lead-title")[2]


def test_what_was_published_elsewhere_leads_there_and_what_is_ours_to_its_page(client, issue, config):
    make_item(issue, own := make_post(title="Ours", url="", html="<p>Not told here.</p>"))
    page = get(client, issue)
    assert "https://example.org/stories/" in " ".join(page.hrefs())
    assert links.post(config, own.pk, "Ours").removeprefix(config.site.url) in page.hrefs()
    assert "Not told here" not in page.source


def test_it_says_what_it_is_to_machines(client, issue, config):
    page = get(client, issue)
    meta, own = page.meta(), links.issue(config, "weekly", issue.slug)
    assert page.links("canonical") == [own]
    assert (meta["og:title"], meta["og:type"], meta["og:url"]) == ("🌍 A whale falls", "article", own)
    assert meta["og:image"] == f"{config.site.url}/share/issues/weekly/{issue.slug}.png"
    assert (meta["twitter:card"], meta["author"]) == ("summary_large_image", "Zoé Lefèvre")
    assert "article:published_time" in meta
    assert len(page.links("alternate")) == 3


def test_its_json_ld_cannot_be_broken_out_of(client, issue):
    issue.edition.subject = '</script><script>alert("1")</script> & <!--'
    issue.edition.save()
    found = get(client, issue).json_ld()
    assert found["NewsArticle"]["headline"] == issue.edition.subject
    assert found["NewsArticle"]["author"] == [{"@type": "Person", "name": "Zoé Lefèvre"}]
    assert [step["position"] for step in found["BreadcrumbList"]["itemListElement"]] == [1, 2, 3]


def test_corrections_stand_on_it_with_their_date(client, issue):
    first = get(client, issue)
    Correction.objects.create(issue=issue, text="It was a <dolphin>.\nSorry.", at=NOW + timedelta(days=2))
    page = get(client, issue)
    assert "22 November 2026" in page.text()
    assert "It was a &lt;dolphin&gt;.<br>Sorry." in page.source
    assert page.answer["ETag"] != first.answer["ETag"]
    assert "article:modified_time" in page.meta()


def test_it_leads_to_its_neighbours_and_to_what_is_like_it(client, issue):
    for week in range(1, 6):
        other = make_sent_issue(subject=f"Number {week}", due_at=NOW + timedelta(weeks=week))
        make_item(other, make_post(title=f"Story of {week}", tags=["deep"] if week == 1 else ["tea"]))
    file_away()
    page = get(client, issue)
    assert "Previous issue" not in page.text()
    assert page.links("next") == ["http://127.0.0.1:8000/issues/weekly/2026-11-27/"]
    kept = page.source.partition('id="keep"')[2]
    assert [kept.index(f"Number {week}") for week in (1, 5, 4)] == sorted(kept.index(f"Number {w}") for w in (1, 5, 4))
    assert "Number 3" not in kept


def test_an_author_of_config_has_a_face_and_all_have_a_page(client, issue, settings, make_config):
    author = {"avatar": "https://pics.test/zoe.png", "about": "Writes.", "url": "https://zoe.test"}
    settings.NEWSLETTER = make_config(site={"authors": {"Zoé Lefèvre": author}})
    page = get(client, issue)
    assert any(image["src"] == "https://pics.test/zoe.png" for image in page.all("img"))
    (path,) = [one for one in page.hrefs() if one.startswith("/authors/")]
    about = client.get(path).content.decode()
    assert "Writes." in about
    assert "A whale falls" in about


@pytest.mark.parametrize("language", ["ar", "he"])
def test_a_newsletter_from_right_to_left_is_one_on_the_web_too(client, issue, settings, make_config, language):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"language": language}})
    page = get(client, issue)
    (html,) = page.all("html")
    assert (html["lang"], html["dir"]) == (language, "rtl")


def test_a_page_asks_the_database_little_however_many_stories(client, issue, django_assert_max_num_queries):
    for _ in range(30):
        make_item(issue, make_post(tags=["sea"], authors=["Ada"]))
    file_away()
    with django_assert_max_num_queries(18):
        get(client, issue)


HARD = [
    "x" * 300,
    "ذهب الحوت إلى القاع",
    "हिन्दी में क्षत्रिय शीर्षक",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿🇩🇪",
    "“<b>&amp;</b>” 'x'",
    "{{ reader.name }}",
]


@pytest.mark.parametrize("title", HARD)
def test_any_title_makes_a_sound_page(client, title):
    issue = make_sent_issue(subject=title)
    make_item(issue, make_post(title=title, image_alt=title, image_url="https://pics.test/x.png", tags=[title], url=""))
    make_item(issue, make_post(title=title, authors=[title], summary=""), section=title[:200])
    file_away()
    page = get(client, issue)
    assert page.meta()["og:title"] == title


def test_two_hundred_stories_make_a_sound_page(client):
    issue = make_sent_issue()
    for number in range(200):
        make_item(issue, make_post(tags=[f"tag {number}"]), section=f"Part {number % 7}")
    assert len(get(client, issue).all("article")) == 200


def test_a_story_of_nothing_but_its_title_makes_a_sound_page(client):
    issue = make_sent_issue()
    make_item(issue, make_post(title="Bare", html="", summary="", url="", image_url=""))
    assert "Bare" in get(client, issue).text()


def test_every_block_is_drawn(config):
    picture = Block("image", src="https://pics.test/1.png", alt="One")
    known = [
        Block("heading", Markup("Words"), 2, "🐋"), Block("text", Markup("<p>Text.</p>")), Block("rule"),
        Block("quote", Markup("<p>Said.</p>")), picture, Block("table", Markup("<table><tr><td>1</td></tr></table>")),
        Block("code", Markup("<pre><code>1</code></pre>")),
        Block("image", Markup("Caption"), src="https://pics.test/2.png", alt="Two", href="https://x.test/"),
    ]  # fmt: skip
    new = [
        Coming("button", href="https://x.test/b", html=Markup("Press")),
        Coming("gallery", images=(Picture("https://pics.test/3.png", "Three", width=3, height=2),), html=Markup("Three")),
        Coming("video", href="https://video.test/1", title="A film", src="https://pics.test/4.png"),
        Coming("video", href="https://video.test/2"), Coming("sponsor", href="https://s.test", title="Tea & Co",
               html=Markup("<p>Drink.</p>")),
        Coming("poll", title="Tea?", answers=("Yes", "No"), number=0), Coming("subscribe"),
        Coming("image", src="https://pics.test/5.png", alt="Five", width=600, height=400, src_dark="https://pics.test/6.png"),
    ]  # fmt: skip
    source = drawn([*known, *new], config)
    assert faults(source) == []
    for part in (
        '<span class="emoji" aria-hidden="true">🐋</span> Words</h2>', "<blockquote", "<figcaption", "Caption", "<hr>",
        'class="button" href="https://x.test/b"', 'width="3" height="2"', "A film", "video.test", 'rel="sponsored nofollow"',
        "Sponsored by Tea &amp; Co", 'id="poll-0"', "<li>Yes</li>", 'name="email"', 'srcset="https://pics.test/6.png"',
        'loading="lazy"',
    ):  # fmt: skip
        assert part in source


def test_a_polls_box_is_filled_by_who_counts_the_votes(config):
    assert "<b>2 votes</b>" in drawn([Coming("poll", title="Tea?", number=1)], config, {1: Markup("<b>2 votes</b>")})


class Coming:
    """A block with the fields that the contract between blocks and what draws them names."""

    def __init__(self, kind, **fields):
        empty = {"html": Markup(), "level": 0, "emoji": "", "src": "", "alt": "", "href": "", "src_dark": "", "width": 0,
                 "height": 0, "images": (), "title": "", "answers": (), "number": 0}  # fmt: skip
        vars(self).update(kind=kind, **{**empty, **fields})


class Picture:
    def __init__(self, src, alt, href="", width=0, height=0, src_dark=""):
        vars(self).update(src=src, alt=alt, href=href, width=width, height=height, src_dark=src_dark)


def drawn(blocks, config, polls=None):
    """The blocks on a page of their own."""
    context = {"blocks": blocks, "frame": frame_of(config, "weekly"), "polls": polls or {}}
    page = '{% from "blocks.html" import told %}<!doctype html><html lang="en"><title>t</title><h1>t</h1>'
    return engines["jinja2"].from_string(page + "{{ told(blocks, frame, 0, 'x', polls) }}</html>").render(context)


def test_nothing_on_the_page_belongs_to_the_reader_of_a_mail(client, issue):
    html = '<a href="https://x.test/u/hmarker-token-o">out</a><img src="https://x.test/o/hmarker-token-o.gif">'
    issue.edition = make_edition(issue, subject="For hmarker-name-o, a whale", html=html, text="hmarker-email-o")
    issue.save()
    message = make_message(issue)
    page = get(client, issue).source
    assert "hmarker" not in page
    assert token_of(message) not in page
    assert not re.search(r'href="[^"]*/(?:c|l|o|p|u|v)/', page)
