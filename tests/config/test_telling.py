"""The configuration in force, told: every value with where it was set, and no secret ever."""

import pytest

from newsletter.config import load, telling

FILE = """
site: {name: The House, secret_key: the-key-that-nobody-sees}
collect:
  sources:
    wire: {location: "https://ada:hush@feeds.example.org/wire?token=hush&page=2"}
send: {transport: smtp, smtp: {host: mail.example.org, username: ada, password: hush}}
newsletters:
  weekly:
    title: The Weekly
    sources: [wire]
    lists: [readers]
    sender: {address: weekly@example.org}
    postal_address: 1 Test Street
    cut_off: 0s
    sections:
      - {title: Sea, tags: [sea, deep], max: 3}
"""


@pytest.fixture
def config(tmp_path):
    """A file with secrets in it, and more of them in the environment."""
    (tmp_path / "config.yaml").write_text(FILE)
    (tmp_path / "key").write_text("hush-from-a-file")
    return load(tmp_path / "config.yaml", {
        "NEWSLETTER_SEND__SENDGRID__API_KEY_FILE": "key", "NEWSLETTER_SITE__URL": "https://news.example.org",
        "NEWSLETTER_SITE__SECRET_KEY_FALLBACKS": "[hush-the-first, hush-the-second]",
        "NEWSLETTER_DATABASE__URL": "postgresql://ada:hush@db.example.org/news",
    })  # fmt: skip


@pytest.fixture
def rows(config):
    return {row.key: row for part in telling.parts(config) for row in part.rows}


def test_no_secret_is_told_but_whether_it_is_set(rows):
    everything = " ".join(f"{row.value} {row.default}" for row in rows.values())
    assert "hush" not in everything
    assert "the-key" not in everything
    assert rows["site.secret_key"].value == "set"
    assert rows["site.metrics_token"].value == rows["site.metrics_token"].default == "not set"
    assert rows["site.secret_key_fallbacks"].value == "set, set"
    assert rows["database.url"].value == "set"
    assert rows["collect.sources.wire.location"].value == "https://…@feeds.example.org/wire?token=…&page=2"


@pytest.mark.parametrize(("key", "value", "where"), [
    ("site.name", "The House", "config.yaml line 2"),
    ("site.url", "https://news.example.org", "NEWSLETTER_SITE__URL"),
    ("send.sendgrid.api_key", "set", "NEWSLETTER_SEND__SENDGRID__API_KEY_FILE"),
    ("send.smtp.username", "ada", "config.yaml line 6"),
    ("collect.every", "15m", ""),
    ("collect.max_bytes", "10 MB", ""),
    ("newsletters.weekly.cut_off", "0s", "config.yaml line 14"),
    ("newsletters.weekly.lists.0.name", "readers", "config.yaml line 11"),
    ("newsletters.weekly.lists.0.title", "–", ""),
    ("newsletters.weekly.sections.0.tags", "sea, deep", "config.yaml line 16"),
    ("newsletters.weekly.schedule", "–", ""),
])  # fmt: skip
def test_each_key_says_what_holds_and_what_set_it(rows, key, value, where):
    assert (rows[key].value, rows[key].where) == (value, where)


def test_a_section_among_several_is_told_in_a_line(config):
    letter = config.newsletters["weekly"]
    (row,) = telling.rows_of(config, ("newsletters", "weekly"), letter, ("sections",))
    assert row.value == "title: Sea; tags: sea, deep; max: 3"
