"""A picture for each issue, whatever its title is written in; drawn once, and never with boxes for letters."""

import io
import time

import pytest
from PIL import Image

from newsletter.models import Issue
from newsletter.reader import share, typesetting
from newsletter.reader.share import Cover, drawn, kept
from tests.factories import make_item, make_post, make_sent_issue
from tests.reader.test_issue_page import HARD


def cover(title="A whale falls", **given):
    base = {"name": "The Weekly", "date": "20 November 2026", "rtl": False, "paper": "#ffffff", "ink": "#000000",
            "soft": "#555555", "stripes": ("#ff0000",), "logo": None, "picture": None}  # fmt: skip
    return Cover(**{**base, "title": title, **given})


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("title", [*HARD, "word " * 60, "", "漢" * 300, "\U000e0001\ue000", "a\nb\tc"])
@pytest.mark.parametrize("rtl", [True, False])
def test_any_title_makes_a_picture(title, rtl):
    image = opened(drawn(cover(title, rtl=rtl)))
    assert (image.size, image.format) == ((1200, 630), "PNG")
    # Nothing is drawn into the margins, or over the date.
    assert image.convert("L").crop((0, 0, 60, 600)).getextrema() == (255, 255)
    assert image.convert("L").crop((1145, 0, 1200, 600)).getextrema() == (255, 255)


def test_what_no_font_holds_is_left_out():
    assert drawn(cover("A \ue000 whale")) == drawn(cover("A  whale"))


def test_a_title_that_no_font_can_draw_leaves_the_name():
    words = typesetting.fitted("\ue000\ue001", 900, 300, (80,))
    assert words.lines == ()
    assert opened(drawn(cover("\ue000\ue001"))).convert("L").crop((70, 180, 900, 500)).getextrema()[0] < 100


def test_a_line_read_from_right_to_left_has_its_words_in_that_order():
    line = typesetting.fitted("אבג 123 דהו", 900, 300, (40,)).lines[0]
    if len(line) < 3:
        pytest.skip("this machine has no Hebrew font")
    ordered = typesetting._in_order(line, rtl=True)
    assert ["".join(run.text for run in word.runs) for word in ordered] == ["דהו", "123", "אבג"]


def test_the_lead_picture_and_the_logo_are_shown_and_broken_ones_are_not(tmp_path):
    Image.new("RGB", (800, 400), "#00ff00").save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    good = opened(drawn(cover(picture=tmp_path / "good.png", logo=tmp_path / "good.png")))
    assert good.convert("RGB").getpixel((1100, 300)) == (0, 255, 0)
    assert drawn(cover(picture=tmp_path / "bad.png")) == drawn(cover())


def test_it_is_drawn_once_for_each_content(tmp_path):
    first = kept(tmp_path, cover())
    (file,) = tmp_path.glob("*.png")
    before = file.stat().st_mtime_ns
    assert kept(tmp_path, cover()) == first
    assert file.stat().st_mtime_ns == before
    kept(tmp_path, cover("Another"))
    assert len(list(tmp_path.iterdir())) == 2


def test_the_folder_does_not_grow_without_end(tmp_path):
    for number in range(5):
        share._keep(tmp_path / f"{number}.png", b"x", most=3)
        time.sleep(0.01)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["2.png", "3.png", "4.png"]


@pytest.mark.django_db
def test_a_public_issue_and_its_post_have_one_and_no_other_has(client):
    issue = make_sent_issue()
    post = make_item(issue, make_post(url="")).post
    paths = [f"/share/issues/weekly/{issue.slug}.png", f"/share/posts/{post.pk}.png"]
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    Issue.objects.update(started_at=None)
    assert [client.get(path).status_code for path in (*paths, "/share/posts/99.png")] == [404, 404, 404]
