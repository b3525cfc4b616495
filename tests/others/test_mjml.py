"""The official MJML compiler takes our themes in strict mode."""

import pytest

from newsletter.models import Issue
from newsletter.render import preview
from newsletter.render.service import KINDS
from tests.others.conftest import KEY, LAYOUTS, THEMES, sampled

pytestmark = [pytest.mark.others, pytest.mark.django_db]


def test_what_the_demo_makes_is_valid(demo, complaints):
    made = {f"{issue.newsletter}.mjml": preview(issue, demo, KEY).mjml for issue in Issue.objects.all()}
    assert len(made) == 2
    assert complaints("mjml.mjs", made) == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_layout_and_service_mail_of_every_theme_is_valid(make_config, complaints, language):
    made = {
        f"{theme}-{layout}.mjml": sampled(make_config, theme, layout, language).mjml
        for theme in THEMES
        for layout in (*LAYOUTS, *KINDS)
    }
    assert len(made) == len(THEMES) * (len(LAYOUTS) + len(KINDS))
    assert complaints("mjml.mjs", made) == []


def test_a_wrong_attribute_and_a_wrong_place_are_complained_about(complaints):
    wrong = {
        "attribute.mjml": '<mjml><mj-body><mj-section colour="red"></mj-section></mj-body></mjml>',
        "place.mjml": "<mjml><mj-body><mj-text>Hello</mj-text></mj-body></mjml>",
    }
    found = complaints("mjml.mjs", wrong)
    assert [one.partition(":")[0] for one in found] == ["attribute.mjml", "place.mjml"]
