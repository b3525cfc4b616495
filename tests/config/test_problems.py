"""Everything that is wrong, at once, each with key, line, reason and hint; and never a secret."""

from pathlib import Path

import pytest
from pydantic_core import to_json

from newsletter.config import ConfigError, load
from tests.config.conftest import WEEKLY


def test_all_problems_are_named_at_once_in_the_order_of_the_pipeline(refused):
    problems = refused(
        """
        site:
          naem: x
          time_zone: Berln
        send:
          batch: 0
          workers: many
          smtp: {port: 99999}
        tracking:
          opens: false
        """,
        NEWSLETTER_FOO="x",
        NEWSLETTER_SITE__VAR_FILE="nowhere",
    )
    assert [(problem.key, problem.where) for problem in problems] == [
        ("foo", "NEWSLETTER_FOO"),
        ("", "NEWSLETTER_SITE__VAR_FILE"),
        ("site.time_zone", "config.yaml line 4"),
        ("site.naem", "config.yaml line 3"),
        ("send.batch", "config.yaml line 6"),
        ("send.workers", "config.yaml line 7"),
        ("send.smtp.port", "config.yaml line 8"),
        ("tracking", "config.yaml line 9"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sit: {}", "config.yaml line 1: sit: there is no such key (did you mean 'site'?)"),
        ("outbox: {path: x}", "config.yaml line 1: outbox: there is no such key (it belongs under `send:`)"),
        (
            "track: {colour: x}",
            "config.yaml line 1: track.colour: there is no such key (known here: opens, clicks, ",
        ),
        ("site: hello", "config.yaml line 1: site: this must hold further keys (known here: name, url, listen"),
        ("newsletters: {a: 3}", "newsletters.a: this must hold further keys (known here: title, emoji"),
        ("collect: {sources: [a]}", "collect.sources: this must hold names, and keys below each"),
        ("collect: {sources: {a: {}}}", "line 1: collect.sources.a.location: this key is required"),
        ("collect: {sources: {a: {location: ''}}}", "collect.sources.a.location: this must not be empty"),
        ("collect: {sources: {a: {location: x, tags: news}}}", "a.tags: this must be a list, such as [one, two]"),
        ("site: {name: [x]}", "config.yaml line 1: site.name: this must be text"),
        ("site: {behind_proxy: perhaps}", "site.behind_proxy: this must be true or false"),
        ("send: {batch: 1.5}", "send.batch: this must be a whole number"),
        ("send: {batch: 0}", "send.batch: this must be greater than or equal to 1"),
        ("send: {smtp: {security: ssl}}", "send.smtp.security: this must be 'none', 'starttls' or 'tls'"),
        (WEEKLY.replace("[readers]", "[]"), "line 9: newsletters.the-weekly.lists: this needs at least one entry"),
        (WEEKLY.replace("[readers]", "[Readers]"), "the-weekly.lists.0.name: a name is up to 63"),
        (WEEKLY + "    min: 5\n    max: 3\n", "line 6: newsletters.the-weekly: min (5) is more than max (3)"),
        (
            WEEKLY + "    sections:\n      - {title: A, tags: [a], min: 3, max: 2}\n",
            "line 13: newsletters.the-weekly.sections.0: min (3) is more than max (2)",
        ),
    ],
)
def test_each_names_key_line_reason_and_hint(complaint, text, said):
    assert said in complaint(text)


def test_a_newsletter_may_be_called_like_a_key_and_its_typos_are_still_understood(refused):
    said = "\n".join(map(str, refused(WEEKLY.replace("the-weekly", "sender").replace("title:", "titel:"))))
    assert "newsletters.sender.titel: there is no such key (did you mean 'title'?)" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WEEKLY.replace("[wire]", "[wier]"), "line 8: newsletters.the-weekly.sources.0: there is no source 'wier' ("),
        (WEEKLY.replace("[wire]", "[zzz]"), "there is no source 'zzz' (under collect.sources there are: wire)"),
        ("send:\n  transport: smtp", "config.yaml line 1: send.smtp.host: the smtp transport needs a host"),
        ("send: {transport: sendgrid}", "send.sendgrid.api_key: the sendgrid transport needs a key (set NEWSLETTER_"),
        (WEEKLY + "    transport: smtp\n", "send.smtp.host: the smtp transport needs a host"),
        ("send: {transport: smtp, smtp: {host: h, username: me}}", "smtp.password: a user name needs a password"),
        ("send: {transport: smtp, smtp: {host: h, password: x}}", "send.smtp.username: a password needs a user name"),
        ("send: {transport: smtp, smtp: {host: h, port: 465}}", "port 465 speaks TLS from the first byte"),
        ("track: {bounces: {imap: {host: h}}}", "bounces.imap.password: the mailbox needs a user name and a password"),
        ("track: {replies: {imap: {host: h}}}", "replies.imap.password: the mailbox needs a user name and a password"),
        ('track: {smtp: {listen: "127.0.0.1:2525"}}', "track.smtp.listen: there is no address that it would take mail"),
        (f"track: {{bounces: {{address: {'b' * 32}@example.org}}}}", "may be 31 characters long, for a token follows"),
        (
            WEEKLY + "    replies: {address: back@example.org}\ntrack: {bounces: {address: Back@example.org}}\n",
            "newsletters.the-weekly.replies.address: bounces come to this address already (give bounces one of",
        ),
        ("send: {retry: {first: 2h, longest: 1h}}", "send.retry.first: the first wait is more than `longest`"),
        (WEEKLY + "    sections: [{title: A}]\n", "the section “A” would stay empty (give it `tags`)"),
        (
            WEEKLY + "    approval: automatic\n    approval_by: another\n",
            "newsletters.the-weekly.approval_by: nobody is asked to approve an issue, so nobody else can be",
        ),
        (
            WEEKLY + "    max: 3\n    sections: [{title: A, tags: [a], min: 4}]\n",
            "newsletters.the-weekly.max: the sections want at least 4 posts, an issue takes 3",
        ),
        (
            WEEKLY.replace("[readers]", "[{name: r, seed: a.csv}, {name: r, seed: b.csv}]"),
            "lists.1.seed: the list 'r' has another seed file already",
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_together_is_refused(complaint, text, said):
    assert said in complaint(text)


def test_a_transport_that_no_newsletter_uses_need_not_be_complete(config):
    assert config("send: {transport: smtp}" + WEEKLY + "    transport: outbox\n").transport_of("the-weekly") == "outbox"


SECRETS = """
site: {secret_key: hunter2-hunter2-hunter2, secret_key_fallbacks: [hunter2-before]}
database: {url: "postgresql://me:hunter2@db/news"}
send:
  smtp: {host: h, username: me, password: hunter2}
  sendgrid: {api_key: SG.hunter2}
"""


def test_secrets_are_not_printed(config):
    made = config(SECRETS)
    for shown in (repr(made), str(made), f"{made.send.smtp}", made.model_dump_json(), str(made.model_dump())):
        assert "hunter2" not in shown
    assert b"hunter2" not in to_json(made)
    assert made.database_url == "postgresql://me:hunter2@db/news"


@pytest.mark.parametrize(
    "text",
    [
        "site: {secret_key: hunter2}",
        "site: {secret_key: [hunter2]}",
        "site: {secret_key_fallbacks: hunter2}",
        "site: {secret_key_fallbacks: [[hunter2]]}",
        "send: {smtp: {password: {is: hunter2}}}",
        "send: {smtp: {password: [hunter2], port: x}}",
        "send: {sendgrid: hunter2}",
        "send: {smtp: {password: 'hunter2}}",
        "database: hunter2",
        "database: {url: [hunter2]}",
    ],
)
def test_a_wrong_secret_is_refused_without_being_repeated(refused, text):
    assert "hunter2" not in "".join(map(str, refused(text)))


@pytest.mark.parametrize(
    "variable",
    ["SITE__SECRET_KEY_FALLBACKS", "SITE__SECRET_KEY_FILE", "DATABASE__URL", "SEND__SENDGRID", "SITE__SECRET_KEY"],
)
def test_nor_when_it_comes_from_the_environment(refused, variable):
    assert "hunter2" not in "".join(map(str, refused(**{f"NEWSLETTER_{variable}": "[hunter2"})))


def test_the_error_is_the_list_of_its_problems(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("a: 1\nb: 2")
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    assert len(caught.value.problems) == 2
