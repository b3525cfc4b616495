"""A section has the emoji of its topic, unless its editor has another or none in mind."""

import pytest

from newsletter.config.schema import NewsletterSection
from newsletter.config.topics import emoji_for


@pytest.mark.parametrize(
    ("title", "tags", "emoji"),
    [
        ("World", (), "🌍"), ("Around the world", (), "🌍"), ("Science desk", (), "🔬"), ("Our planet", (), "🌱"),
        ("Küche & Reise", (), "🍽️"), ("Santé", (), "🩺"), ("Música", (), "🎵"), ("POLITIK", (), "🏛️"),
        ("This week", ("books",), "📚"), ("Odds and ends", ("nothing",), ""), ("Arts", ("science",), "🎭"),
        ("", (), ""), ("Newsworldly", (), ""),
    ],
)  # fmt: skip
def test_the_title_names_the_topic_and_else_the_tags_do(title, tags, emoji):
    assert emoji_for(title, tags) == emoji


@pytest.mark.parametrize(
    ("given", "symbol"), [({}, "🔬"), ({"emoji": None}, "🔬"), ({"emoji": ""}, ""), ({"emoji": "🦄"}, "🦄")]
)
def test_what_config_yaml_says_goes_first(given, symbol):
    assert NewsletterSection(title="Science", **given).symbol == symbol
