"""What commands that stay up, or wait, say: where to look, how far they are, and nothing twice."""

import logging
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from newsletter.cli import progress, watching, welcome
from newsletter.cli.console import counted
from newsletter.cli.processes import told_elsewhere
from newsletter.models import Issue
from newsletter.models.progress import Failure, Progress, Way
from tests.factories import make_issue, make_message


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [(1, ("post",), "1 post"), (0, ("post",), "0 posts"), (2, ("batch", "batches"), "2 batches")],
)
def test_numbers_and_words_agree(number, words, said):
    assert counted(number, *words) == said


def test_a_second_start_says_where_to_sign_in_and_how_to_get_a_password(config, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["newsletter"])
    welcome.where_to_look(config, None)
    said = capsys.readouterr().out
    assert f"  sign in at    {config.site.url}/desk/   (a new password: newsletter staff NAME)\n" in said
    welcome.where_to_look(config, "secret")
    assert (
        "password      secret   (shown this once; `newsletter staff NAME` makes a new one)" in capsys.readouterr().out
    )


def test_the_outbox_is_named_only_where_a_newsletter_uses_it(config, capsys):
    welcome.where_to_look(config, None)
    assert "/desk/outbox/" in capsys.readouterr().out
    letter = config.newsletters["weekly"].model_copy(update={"transport": "smtp"})
    welcome.where_to_look(config.model_copy(update={"newsletters": {"weekly": letter}}), None)
    assert "/desk/outbox/" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("called", "name"),
    [
        (".venv/bin/newsletter", ".venv/bin/newsletter"), ("newsletter", "newsletter"),
        ("/opt/newsletter/newsletter/__main__.py", "python -m newsletter"), ("/usr/bin/pytest", "newsletter"),
    ],
)  # fmt: skip
def test_the_program_goes_by_the_name_it_was_called_by(monkeypatch, called, name):
    monkeypatch.setattr(sys, "argv", [called])
    monkeypatch.setenv("PATH", "")
    assert welcome.program() == name


def test_the_pipelines_success_is_not_logged_while_it_is_told(caplog):
    logger = logging.getLogger("newsletter.pipeline")
    before = logger.level
    with caplog.at_level(logging.INFO), told_elsewhere():
        logger.info("3 posts")
        logger.warning("broken")
    assert caplog.messages == ["broken"]
    assert logger.level == before


@pytest.mark.parametrize("name", ["apscheduler.scheduler", "django.request"])
def test_what_happens_in_normal_use_is_no_warning(name):
    assert logging.getLogger(name).getEffectiveLevel() == logging.ERROR


@pytest.mark.django_db
def test_progress_off_a_terminal_is_told_when_it_changes(capsys):
    lines = watching.Lines(make_issue())
    for states in ({"submitted": 2, "pending": 4}, {"submitted": 2, "pending": 4}, {"submitted": 4, "failed": 2}):
        lines.update(Progress((Way("smtp", states, rate=2.0),)))
    assert capsys.readouterr().err == (
        "weekly/2026-11-20: 2 of 6; 2 a second, about 2 seconds left\nweekly/2026-11-20: 6 of 6; 2 failed\n"
    )


@pytest.mark.django_db
def test_progress_on_a_terminal_shows_the_transports_and_why_messages_failed():
    now = Progress(
        (
            Way("smtp", {"submitted": 1200, "pending": 800}, rate=10.0),
            Way("bulk", {"deferred": 3, "uncertain": 1, "failed": 2}, next_retry=datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ),
        failures=(Failure("failed", "550 5.1.1 …: unknown", 2),),
    )
    console = Console(file=StringIO(), width=100, force_terminal=True, color_system=None)
    console.print(watching.drawn(make_issue(), now))
    said = console.file.getvalue()
    for part in ("1,203 of 2,006", "10 a second, about 80 seconds left", "bulk", "3 deferred, 2 failed, 1 uncertain",
                 "the next attempt at", "2 failed: 550 5.1.1 …: unknown"):  # fmt: skip
        assert part in said


@pytest.mark.django_db
def test_what_only_another_process_can_send_is_known_with_the_end_of_its_lease(now):
    issue = make_issue(status=Issue.Status.SENDING)
    make_message(issue)
    assert progress.held_elsewhere(issue, now) is None
    for minutes, state in ((5, "pending"), (9, "submitting")):
        make_message(issue, state=state, lease_until=now + timedelta(minutes=minutes))
    assert progress.held_elsewhere(issue, now) == (2, now + timedelta(minutes=9))
    assert progress.held_elsewhere(issue, now + timedelta(minutes=6)) is None
    make_message(issue, state="pending")
    assert progress.held_elsewhere(issue, now) is None
