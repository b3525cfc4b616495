"""The documentation is drawn from the schema."""

from pathlib import Path

import pytest

from newsletter.config import reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_every_key_says_what_it_means():
    for name, section in reference.sections():
        for key, field in section.model_fields.items():
            assert field.description, f"{name}.{key} needs a description in newsletter/config/schema.py"


def test_the_page_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    hint = "run: python -m newsletter.config.reference docs/configuration.md"
    assert reference.written(text) == text, hint


def test_a_section_missing_from_the_page_is_named():
    with pytest.raises(ValueError, match=r"each section once: .*send\.smtp"):
        reference.written("<!-- keys: site -->\n<!-- end -->")


def test_types_and_defaults_are_those_of_the_schema():
    table = reference.table("send", dict(reference.sections())["send"])
    assert "| `send.batch` | whole number, 1 to 10000 | `500` | messages a worker claims at a time, at most |" in table
    assert "| `send.lease` | time span | `5m` |" in table
    assert "| `send.transport` | name | `outbox` |" in table


def test_a_key_that_may_hold_one_word_only_is_left_out():
    assert "`send.smtp.kind`" not in reference.table("send.smtp", dict(reference.sections())["send.smtp"])
