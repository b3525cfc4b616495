"""Values as people write them, and what is said of those that cannot be meant."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.config.conftest import WEEKLY


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)), ("250ms", timedelta(milliseconds=250)), ("24h", timedelta(days=1)),
        ("1d 12h", timedelta(hours=36)), ("1D12H", timedelta(hours=36)), ("1.5 h", timedelta(minutes=90)),
        ("2w", timedelta(weeks=2)), ("0s", timedelta(0)),
    ],
)  # fmt: skip
def test_time_spans(config, text, span):
    assert config(f"compose: {{grace: {text}}}").compose.grace == span


@pytest.mark.parametrize("text", ["12", "soon", "-3h", ".5h", "1h30", "1 month", "'1,5h'", "[1h]", "''"])
def test_what_is_no_time_span_is_refused(complaint, text):
    assert "is not a time span; write a number with s, m, h, d or w, such as 24h" in complaint(
        f"compose: {{late: {text}}}"
    )


@pytest.mark.parametrize("text", ["9999999999999999999d", "9" * 500 + "s", "600w"])
def test_a_time_span_nobody_can_mean_is_refused(complaint, text):
    assert "is longer than ten years" in complaint(f"compose: {{late: {text}}}")


@pytest.mark.parametrize("key", ["collect: {every", "collect: {timeout", "send: {lease", "send: {retry: {first"])
def test_some_time_spans_must_not_be_nothing(complaint, key):
    assert "this must be longer than nothing" in complaint(key + ": 0s" + "}" * key.count("{"))


@pytest.mark.parametrize(("text", "size"), [("10 MB", 10_000_000), ("512kB", 512_000), ("1.5gb", 1_500_000_000)])
def test_sizes(config, text, size):
    assert config(f"collect: {{max_bytes: {text}}}").collect.max_bytes == size


@pytest.mark.parametrize("text", ["10", "-1 MB", "0 MB", "true", "large"])
def test_what_is_no_size_is_refused(complaint, text):
    assert "collect.max_bytes: " in complaint(f"collect: {{max_bytes: {text}}}")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berln", "did you mean 'Europe/Berlin'?"),
        ("europe/berlin", "did you mean 'Europe/Berlin'?"),
        ("America/New York", "did you mean 'America/New_York'?"),
        ("Nowhere at all", "use an IANA name such as Europe/Berlin"),
    ],
)
def test_a_misspelt_time_zone_gets_a_suggestion(complaint, name, hint):
    assert complaint(f"site: {{time_zone: {name}}}").endswith(f"there is no time zone '{name}'; {hint}")


@pytest.mark.parametrize(
    "line", ["0 8 * * FRI", "*/15 9-17 * * 1-5", "0 8 L * *", "0 8 * * 5#1", "0 8 29 2 *", "0 8 * * 7"]
)
def test_cron_lines(config, line):
    zone = f"    schedule: {{cron: '{line}', time_zone: UTC}}\n"
    assert config(WEEKLY + zone).newsletters["the-weekly"].schedule.cron == line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 8 * *", "must have five fields"), ("0 0 8 * * FRI", "must have five fields"), ("@weekly", "five fields"),
        ("61 8 * * FRI", "is not a cron line"), ("0 8 30 2 *", "ever comes due"), ("0 8 * * FRIDAY", "not a cron line"),
    ],
)  # fmt: skip
def test_what_is_no_cron_line_is_refused(complaint, line, said):
    assert said in complaint(WEEKLY + f"    schedule: {{cron: '{line}', time_zone: UTC}}\n")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("0 8 * * FRIDAY", "'FRIDAY' is not known, write SUN … SAT or 0–7; did you mean FRI?"),
        ("0 8 * * MON-Friday", "did you mean FRI?"),
        ("0 8 * * Samedi", "'Samedi' is not known, write SUN … SAT or 0–7)"),
        ("0 8 1 JULY *", "'JULY' is not known, write JAN … DEC or 1–12; did you mean JUL?"),
        ("0 25 * * FRI", "(Bad hour)"),
    ],
)
def test_a_misnamed_day_or_month_of_a_cron_line_gets_a_hint(complaint, line, hint):
    assert hint in complaint(WEEKLY + f"    schedule: {{cron: '{line}', time_zone: UTC}}\n")


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c.example", "Ada <ada@example.org>", "a b@example.org", "münchen@example.org", "a@"]
)
def test_what_is_no_email_address_is_refused(complaint, address):
    said = complaint(WEEKLY.replace("weekly@news.example.org", address))
    assert f"config.yaml line 10: newsletters.the-weekly.sender.address: '{address}' is not an email" in said


def test_an_address_in_a_unicode_domain_is_taken(config):
    made = config(WEEKLY.replace("weekly@news.example.org", "weekly@bücher.example"))
    assert made.newsletters["the-weekly"].sender.address == "weekly@bücher.example"


@pytest.mark.parametrize(
    "url", ["news.example.org", "ftp://example.org", "http://", "http://a b", "http://h:99999", "http://h:x", "5",
            "http://[::1", "https://me:pw@example.org", "https://example.org?x=1", "https://bücher.example"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(complaint, url):
    assert f"site.url: '{url}' must be " in complaint(f"site: {{url: '{url}'}}")


def test_the_slash_at_the_end_of_a_web_address_is_dropped(config):
    assert config("site: {url: 'https://example.org/news/'}").site.url == "https://example.org/news"


@pytest.mark.parametrize("address", ["8000", "localhost", "127.0.0.1:99999", "127.0.0.1:http", "a b:80"])
def test_what_cannot_be_listened_on_is_refused(complaint, address):
    assert "must be an address and a port such as 127.0.0.1:8000" in complaint(f"site: {{listen: '{address}'}}")


@pytest.mark.parametrize("address", ["0.0.0.0:80", "[::1]:8000", "*:8000", "127.0.0.1:0"])
def test_what_can_be_listened_on(config, address):
    assert config(f"site: {{listen: '{address}'}}").site.listen == address


@pytest.mark.parametrize(
    "url",
    ["mysql://u:hunter2@h/db", "postgresql://u:hunter2@h:port/db", "postgresql://u:hunter2@h", "hunter2", "sqlite:x"],
)
def test_a_wrong_database_address_is_refused_without_repeating_its_password(complaint, url):
    said = complaint(f"database: {{url: '{url}'}}")
    assert "database.url: this must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("name", ["Blog", "my_blog", "-blog", "b" * 64, "blög", "''"])
def test_names_are_short_and_plain(refused, name):
    said = str(refused(f"collect: {{sources: {{{name}: {{location: x}}}}}}")[0])
    assert "a name is up to 63 lower-case letters, digits and hyphens" in said


def test_words_of_a_header_are_one_line(complaint):
    text = WEEKLY.replace("title: The Weekly", 'title: "The\\nWeekly"')
    assert "newsletters.the-weekly.title: this must be one line, without control characters" in complaint(text)


def test_the_line_end_of_a_folded_value_is_dropped(config):
    text = WEEKLY.replace("title: The Weekly", "title: >\n      The\n      Weekly")
    assert config(text).newsletters["the-weekly"].title == "The Weekly"


def test_nothing_can_be_changed_afterwards(config):
    made = config(WEEKLY)
    with pytest.raises(ValidationError, match="frozen"):
        made.site.name = "Other"
    with pytest.raises(ValidationError, match="frozen"):
        made.newsletters["the-weekly"].max = 3
