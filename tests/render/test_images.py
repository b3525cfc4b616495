"""Images get whole numbers as their size, and are never enlarged or squeezed."""

import pytest

from newsletter.render.images import fit, sized
from newsletter.render.mjml import to_html
from tests.render.dom import Dom


@pytest.mark.parametrize(
    ("width", "height", "into", "shown"),
    [(1200, 630, 600, (600, 315)), (300, 100, 536, (300, 100)), (5000, 1, 500, (500, 1)), (0, 9, 500, (0, 0)),
     (9, 0, 500, (0, 0)), (90, 90, 0, (0, 0))],
)  # fmt: skip
def test_a_picture_fits_its_column(width, height, into, shown):
    assert fit(width, height, into) == shown


def mail(image: str) -> dict:
    body = f"<mjml><mj-body><mj-section><mj-column>{image}</mj-column></mj-section></mj-body></mjml>"
    (found,) = Dom(sized(to_html(body, "theme"))).all("img")
    return found


def test_a_height_keeps_room_and_does_not_squeeze():
    image = mail('<mj-image src="https://x/a" alt="" width="536px" height="280px" fluid-on-mobile="true" />')
    assert (image["width"], image["height"]) == ("536", "280")
    assert "height:auto" in image["style"]
    assert "280" not in image["style"]


def test_a_height_that_nobody_knows_is_left_out():
    image = mail('<mj-image src="https://x/a" alt="" />')
    assert "height" not in image
    assert image["width"].isdigit()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<img width="166.4" height="90.6px">', '<img width="166" height="90">'),
        ('<img src="height=&quot;auto&quot;" height="auto" alt="">', '<img src="height=&quot;auto&quot;" alt="">'),
        ('<img width="48" height="48" style="height:48px" />', '<img width="48" height="48" style="height:48px" />'),
        ('<p title="height:3px">&lt;img height="auto"&gt;</p>', '<p title="height:3px">&lt;img height="auto"&gt;</p>'),
        ('<img style="max-height:9px;width:100%;height:9px" height="9">',
         '<img style="max-height:9px;width:100%;height:auto" height="9">'),
    ],
)  # fmt: skip
def test_only_the_sizes_of_images_change(before, after):
    assert sized(before) == after
