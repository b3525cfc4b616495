"""What themes and subject patterns may do to a text."""

import pytest

from newsletter.render import filters


@pytest.mark.parametrize(
    ("title", "led"),
    [
        ("Asleep on rails", "🌍 Asleep on rails"),
        ("🐳 The longest lunch", "🐳 The longest lunch"),
        ("👩\u200d🚀 Overhead", "👩\u200d🚀 Overhead"),
        ("🇳🇿 Words", "🇳🇿 Words"),
        ("7 wonders", "🌍 7 wonders"),
    ],
)
def test_an_emoji_leads_a_text_that_does_not_begin_with_one(title, led):
    assert filters.led_by(title, "🌍") == led


def test_no_emoji_leads_where_there_is_none_to_give():
    assert filters.led_by("Asleep on rails", "") == "Asleep on rails"
