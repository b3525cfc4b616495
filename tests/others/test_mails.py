"""axe-core finds nothing to complain of in any mail that a theme can make."""

import pytest

from newsletter.render.service import KINDS
from newsletter.render.tracking import with_pixel, with_unseen
from tests.others.conftest import LAYOUTS, OF_PAGES_ONLY, THEMES, sampled

pytestmark = [pytest.mark.others, pytest.mark.django_db]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_any_layout_and_service_mail(make_config, axe, theme):
    mails = {f"{theme}-{layout}": sampled(make_config, theme, layout).html for layout in (*LAYOUTS, *KINDS)}
    assert axe(mails, without=OF_PAGES_ONLY) == []


def test_axe_finds_nothing_in_what_is_added_to_know_of_opens_clicks_and_programs(make_config, axe):
    drawn = sampled(make_config, "atlas", "digest").html
    html = with_pixel(with_unseen(drawn, "https://example.org/c/1/x"), "https://example.org/o/x.gif")
    assert axe({"tracked": html}, without=OF_PAGES_ONLY) == []
