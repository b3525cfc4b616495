"""The environment over the file."""

import pytest

from tests.config.conftest import WEEKLY


def test_a_variable_sets_a_key_and_wins_over_the_file(config):
    made = config("site: {name: File}", NEWSLETTER_SITE__NAME="Variable", NEWSLETTER_SEND__RETRY__ATTEMPTS="3")
    assert (made.site.name, made.send.retry.attempts) == ("Variable", 3)


def test_an_underscore_reaches_a_newsletter_whose_name_has_a_hyphen(config):
    made = config(WEEKLY, NEWSLETTER_NEWSLETTERS__THE_WEEKLY__SENDER__NAME="The Editors")
    assert made.newsletters["the-weekly"].sender.name == "The Editors"
    assert list(made.newsletters) == ["the-weekly"]


def test_a_name_that_the_file_does_not_have_is_made(config):
    made = config(NEWSLETTER_COLLECT__SOURCES__OTHER_WIRE__LOCATION="https://example.org/feed")
    assert made.collect.sources["other-wire"].location == "https://example.org/feed"


def test_single_values_are_taken_as_they_stand(config):
    made = config(
        NEWSLETTER_SITE__NAME="{a: b}", NEWSLETTER_SEND__SMTP__PASSWORD="0123", NEWSLETTER_SEND__SMTP__USERNAME="[me]",
        NEWSLETTER_TRACK__OPENS="no",
    )  # fmt: skip
    assert (made.site.name, made.send.smtp.username, made.track.opens) == ("{a: b}", "[me]", False)
    assert made.send.smtp.password.get_secret_value() == "0123"


def test_lists_and_mappings_are_written_as_in_the_file(config):
    made = config(
        WEEKLY, NEWSLETTER_NEWSLETTERS__THE_WEEKLY__LISTS="[readers, {name: friends}]",
        NEWSLETTER_NEWSLETTERS__THE_WEEKLY__OTHER="null",
        NEWSLETTER_COLLECT__SOURCES__BLOG="{location: posts, kind: folder}",
    )  # fmt: skip
    assert [ref.name for ref in made.newsletters["the-weekly"].lists] == ["readers", "friends"]
    assert made.newsletters["the-weekly"].other is None
    assert made.collect.sources["blog"].kind == "folder"


def test_an_empty_variable_counts_as_not_set(config):
    assert config("site: {name: File}", NEWSLETTER_SITE__NAME="", NEWSLETTER_SITE__VAR_FILE="").site.name == "File"


def test_other_programs_variables_are_none_of_ours(config):
    assert config(NEWSLETTERS="x", MY_NEWSLETTER_SITE__NAME="x", NEWSLETTER_CONFIG="x").site.name == "Newsletter"


@pytest.mark.parametrize("content", ["s3cret words", "s3cret words\n", "s3cret words\r\n", "\ufeffs3cret words\n"])
def test_a_file_may_hold_the_value_and_its_last_line_end_does_not_count(config, tmp_path, content):
    (tmp_path / "password").write_bytes(content.encode())
    for named in ("password", str(tmp_path / "password")):
        made = config("send: {smtp: {username: me}}", NEWSLETTER_SEND__SMTP__PASSWORD_FILE=named)
        assert made.send.smtp.password.get_secret_value() == "s3cret words"


def test_a_value_from_a_file_keeps_its_spaces(config, tmp_path):
    (tmp_path / "password").write_text("  two spaces  \n")
    made = config(NEWSLETTER_SEND__SMTP__PASSWORD_FILE="password")
    assert made.send.smtp.password.get_secret_value() == "  two spaces  "


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"NEWSLETTER_FOO": "x"}, "NEWSLETTER_FOO: foo: there is no such key (known here: site, database"),
        ({"NEWSLETTER_FOO__BAR": "x"}, "NEWSLETTER_FOO__BAR: foo: there is no such key"),
        ({"NEWSLETTER_": "x"}, "NEWSLETTER_: there is no such key"),
        ({"NEWSLETTER_CONCURRENCY": "4"}, "NEWSLETTER_CONCURRENCY: concurrency: there is no such key"),
        ({"NEWSLETTER_SITE__NAEM": "x"}, "site.naem: there is no such key (did you mean 'name'?)"),
        ({"NEWSLETTER_SITE__NAME__FIRST": "x"}, "__FIRST: site.name: this holds a value, not further keys"),
        ({"NEWSLETTER_NEWSLETTERS__W__LISTS__0": "x"}, "newsletters.w.lists: this is a list, set it as a whole"),
        ({"NEWSLETTER_SITE__SECRET_KEY_FALLBACKS": "[a"}, "site.secret_key_fallbacks: this cannot be read"),
        ({"NEWSLETTER_SEND__BATCH": "many"}, "NEWSLETTER_SEND__BATCH: send.batch: this must be a whole number"),
        ({"NEWSLETTER_SEND__BATCH_FILE": "nowhere"}, "BATCH_FILE: the file it names cannot be read: No such file"),
        ({"NEWSLETTER_SEND__BATCH_FILE": "empty"}, "NEWSLETTER_SEND__BATCH_FILE: the file it names is empty"),
        ({"NEWSLETTER_SEND__BATCH_FILE": "odd"}, "NEWSLETTER_SEND__BATCH_FILE: the file it names is not UTF-8"),
        ({"NEWSLETTER_SEND__BATCH": "1", "NEWSLETTER_SEND__BATCH_FILE": "odd"}, "SEND__BATCH is set as well"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_the_variable(complaint, tmp_path, environ, said):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_bytes(b"\xff\xff")
    assert said in complaint(**environ)


def test_what_a_section_opened_by_a_variable_lacks_is_said_of_the_variable(refused):
    problems = refused(WEEKLY, NEWSLETTER_NEWSLETTERS__WEEKLY__TITLE="A typo in the name")
    assert {problem.where for problem in problems} == {"NEWSLETTER_NEWSLETTERS__WEEKLY__TITLE"}
    assert "newsletters.weekly.sender" in {problem.key for problem in problems}


def test_a_value_where_a_section_belongs_is_a_fault_of_the_file(complaint):
    said = complaint("site: 5", NEWSLETTER_SITE__NAME="x")
    assert said.startswith("config.yaml line 1: site: this must hold further keys (known here: name, url,")
