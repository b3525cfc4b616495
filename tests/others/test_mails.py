"""axe-core finds nothing to complain of in any mail that a theme can make."""

import pytest

from newsletter.render.service import KINDS
from tests.others.conftest import LAYOUTS, OF_PAGES_ONLY, THEMES, sampled

pytestmark = [pytest.mark.others, pytest.mark.django_db]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_any_layout_and_service_mail(make_config, axe, theme):
    mails = {f"{theme}-{layout}": sampled(make_config, theme, layout).html for layout in (*LAYOUTS, *KINDS)}
    assert axe(mails, without=OF_PAGES_ONLY) == []
