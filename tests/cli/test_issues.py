"""An issue's way by hand: what each command does, and what it refuses in which words."""

from datetime import timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from newsletter import tokens
from newsletter.models import Alarm, Issue, Message
from newsletter.render.service import KINDS
from subscribers.models import Subscription
from tests.factories import make_event, make_item, make_message, make_post, make_sent_issue, make_subscriber, token_of

pytestmark = pytest.mark.django_db
Status = Issue.Status


def status(issue) -> str:
    issue.refresh_from_db()
    return issue.status


def put(issue, status) -> None:
    Issue.objects.filter(pk=issue.pk).update(status=status)


def test_from_review_to_the_schedule(call, issue):
    assert call("approve", str(issue), "--json").facts["status"] == "approved"
    moment = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%d 18:00")
    facts = call("schedule", str(issue.pk), "--at", moment, "--json").facts
    assert facts["status"] == "scheduled"
    issue.refresh_from_db()
    # 18:00 in the newsletter's zone, Berlin.
    assert issue.send_at.hour in (16, 17)


def test_a_subject_that_speaks_to_the_reader_is_shown_as_it_reads_for_nobody(call, issue):
    Issue.objects.filter(pk=issue.pk).update(subject="Hello {{ reader.first_name | default('friend') }}")
    assert call("approve", str(issue), "--json").facts["subject"] == "Hello friend"
    assert "Hello friend" in call("issues").out
    assert call("issues", "--json").facts[0]["subject"] == "Hello friend"
    assert call("send", str(issue), "--json").facts["subject"] == "Hello friend"


def test_without_a_moment_it_is_scheduled_for_when_it_is_due(call, issue):
    Issue.objects.filter(pk=issue.pk).update(due_at=(due := timezone.now() + timedelta(days=1)))
    call("approve", str(issue))
    assert call("schedule", str(issue)).code == 0
    issue.refresh_from_db()
    assert issue.send_at == due


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("soon", "'soon' is not a moment; write it as '2026-12-24 18:00'"),
        ("2099-12-24", "'2099-12-24' is not a moment"),
        ("2026-01-01 08:00", "2026-01-01 08:00 has passed (`newsletter send weekly/2026-11-20` sends it now)"),
    ],
)
def test_a_moment_that_cannot_be_meant_is_refused(call, issue, moment, said):
    call("approve", str(issue))
    result = call("schedule", str(issue), "--at", moment)
    assert result.code == 1
    assert said in result.err
    assert status(issue) == "approved"


@pytest.mark.parametrize(("verb", "done"), [("schedule", "scheduled"), ("send", "sent")])
@pytest.mark.parametrize(
    ("before", "hint"),
    [
        (Status.DRAFT, "approve it first: `newsletter approve weekly/2026-11-20`"),
        (Status.IN_REVIEW, "approve it first: `newsletter approve weekly/2026-11-20`"),
        (Status.PAUSED, "it is paused; `newsletter resume weekly/2026-11-20` goes on with it"),
        (Status.SENT, "it has been sent already"),
        (Status.CANCELLED, "it has been cancelled, and its posts are left to the next one"),
    ],
)
def test_only_an_approved_issue_is_scheduled_or_sent(call, issue, verb, done, before, hint):
    put(issue, before)
    result = call(verb, str(issue))
    assert (result.code, result.out, result.err) == (1, "", f"✗ weekly/2026-11-20 cannot be {done}: {hint}\n")
    assert status(issue) == before


def test_send_leaves_the_work_to_those_who_run(call, issue):
    call("approve", str(issue))
    result = call("send", str(issue))
    assert result.code == 0
    assert "goes out now, if `newsletter run` or a worker is running" in result.out
    issue.refresh_from_db()
    assert issue.status == "scheduled"
    assert issue.send_at <= timezone.now()
    assert call("send", str(issue), "--json").facts["status"] == "scheduled"


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("pause", Status.SENDING, "paused"), ("resume", Status.PAUSED, "sending"), ("cancel", Status.PAUSED, "cancelled")],
)
def test_pause_resume_and_cancel_once_or_twice(call, issue, verb, before, after):
    put(issue, before)
    result = call(verb, str(issue))
    assert (result.code, result.err) == (0, "")
    assert status(issue) == after
    again = call(verb, str(issue))
    assert (again.code, again.err) == (0, "")
    assert "already" in again.out
    assert status(issue) == after


@pytest.mark.parametrize(
    ("verb", "before", "said"),
    [
        ("pause", Status.APPROVED, "cannot be paused: it is not being sent"),
        ("resume", Status.SENT, "cannot be resumed: it has been sent already"),
        ("cancel", Status.SENT, "cannot be cancelled: it has been sent already"),
        ("pause", Status.SENT, "cannot be paused: it has been sent already"),
        (
            "resume",
            Status.SCHEDULED,
            "it is sent when its time comes; `newsletter send weekly/2026-11-20` sends it now",
        ),
        ("approve", Status.SENDING, "cannot be approved: it is being sent already"),
    ],
)
def test_what_an_issue_does_not_allow_is_refused_in_one_line(call, issue, verb, before, said):
    put(issue, before)
    result = call(verb, str(issue))
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert said in result.err
    assert status(issue) == before


def test_resuming_for_nobody_says_that_nobody_is_there(call, issue):
    Subscription.objects.update(status="unsubscribed")
    put(issue, Status.PAUSED)
    assert "nobody to go to" in call("resume", str(issue)).err
    assert status(issue) == "paused"


def test_cancel_keeps_the_reason(call, issue):
    call("cancel", str(issue), "--reason", "the story was wrong")
    assert call("issues", "--json").facts[0]["reason"] == "the story was wrong"


@pytest.mark.parametrize("verb", ["preview", "approve", "schedule", "send", "pause", "resume", "cancel", "report"])
@pytest.mark.parametrize("name", ["99", "weekly", "weekly/2000-01-01", "²", "9" * 30])
def test_an_issue_that_is_not_there_is_refused(call, verb, name):
    result = call(verb, name)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"✗ there is no issue '{name}' (`newsletter issues` lists them)\n"


def test_preview_in_each_format(call, issue, settings):
    make_item(issue, make_post(title="A second story"))
    assert call("preview", str(issue)).out.lstrip().lower().startswith("<!doctype html")
    assert call("preview", str(issue), "--format", "mjml").out.lstrip().startswith("<mjml")
    text = call("preview", str(issue), "--format", "text").out
    assert "A second story" in text
    assert "<" not in text
    message = message_from_bytes(call("preview", str(issue), "--format", "eml").out.encode(), policy=policy.default)
    assert message["To"].addresses[0].addr_spec == "reader@example.org"
    assert message["List-Unsubscribe"].endswith(f"/u/{tokens.sign(issue.pk, settings.SECRET_KEY, tokens.TEST)}>")


def test_preview_as_a_reader_carries_nobodys_token(call, issue):
    message = make_message(issue, state="pending")
    address = message.subscriber.email
    shown = call("preview", str(issue), "--format", "text", "--as", address.upper()).out
    assert address.split("@")[0] in shown.lower()
    assert token_of(message) not in shown
    assert call("preview", str(issue), "--as", "nobody").code == 1


@pytest.mark.parametrize("form", ["html", "text", "eml"])
def test_preview_as_a_person_shows_their_fields_and_lists(call, issue, form):
    letter = (
        '{{ reader.first_name }} of {{ reader.fields.city }}: {% if "vip" in reader.lists %}yes{% else %}no{% endif %}'
    )
    Issue.objects.filter(pk=issue.pk).update(opening=letter)
    make_subscriber("bob@example.org", ("vip",), name="Bob", fields={"city": "Rome"})
    assert "Bob of Rome: yes" in call("preview", str(issue), "--format", form, "--as", "BOB@example.org").out
    assert "Ada of : no" in call("preview", str(issue), "--format", form, "--as", "ada@example.org").out


def test_preview_into_a_file(call, issue, tmp_path):
    result = call("preview", str(issue), "-o", str(tmp_path / "mail.html"))
    assert result.out.startswith(f"✓ {tmp_path}/mail.html: ")
    assert "<html" in (tmp_path / "mail.html").read_text()
    lost = call("preview", str(issue), "-o", str(tmp_path / "nowhere" / "mail.html"))
    assert (lost.code, lost.err) == (1, f"✗ {tmp_path}/nowhere/mail.html: No such file or directory\n")


def test_a_test_goes_to_the_outbox_and_into_no_count(call, issue, config):
    result = call("send", str(issue), "--test", "me@example.org", "--test", "you@example.org", "--json")
    assert [(one["to"], one["state"]) for one in result.facts] == [
        ("me@example.org", "submitted"), ("you@example.org", "submitted"),
    ]  # fmt: skip
    assert len(list(config.outbox.rglob("*.eml"))) == 2
    assert not Message.objects.exists()
    assert status(issue) == "in_review"


def test_a_test_to_an_address_that_is_none_is_refused(call, issue, config):
    result = call("send", str(issue), "--test", "me")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert not config.outbox.exists()


def test_a_test_by_a_server_that_is_not_there_ends_in_one_line(call, issue, settings, config):
    smtp = config.send.smtp.model_copy(update={"host": "127.0.0.1", "port": 9})
    settings.NEWSLETTER = config.model_copy(
        update={"send": config.send.model_copy(update={"transport": "smtp", "smtp": smtp})}
    )
    result = call("send", str(issue), "--test", "me@example.org")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "127.0.0.1:9 cannot be reached" in result.err


def test_the_report_counts(call):
    issue = make_sent_issue()
    make_message(issue)
    make_message(issue, state="failed", reason="550 no such user")
    facts = call("report", str(issue), "--json").facts
    assert (facts["audience"], facts["sent"], facts["failed"]) == (2, 1, 1)
    assert "audience" in call("report", str(issue)).out


def test_the_report_says_why_messages_failed_and_rates_in_percent(call):
    issue = make_sent_issue()
    make_event(make_message(issue))
    for number in range(12):
        make_message(issue, state="failed", reason=f"550 no such user {number:02}")
    for _ in range(2):
        make_message(issue, state="withheld", reason="has unsubscribed since")
    facts = call("report", str(issue), "--json").facts
    assert facts["open_rate"] == 1.0
    assert facts["failures"][:2] == [
        {"reason": "has unsubscribed since", "count": 2}, {"reason": "550 no such user 00", "count": 1},
    ]  # fmt: skip
    assert len(facts["failures"]) == 13
    table = call("report", str(issue)).out
    assert "100.0 %" in table
    assert "has unsubscribed since" in table
    assert "550 no such user 08" in table
    assert "550 no such user 09" not in table
    assert "… and 3 more reasons (--json has all)" in table


def test_facts_as_a_table_name_the_zone(call, issue):
    assert "2026-11-20 07:00 UTC" in call("issues").out


def test_preview_in_another_theme_and_layout(call, issue):
    letter = call("preview", str(issue), "--theme", "letter", "--layout", "announcement").out
    assert letter.lstrip().lower().startswith("<!doctype html")
    assert letter != call("preview", str(issue)).out
    assert "there is no theme 'lettre'" in call("preview", str(issue), "--theme", "lettre").err
    assert call("preview", str(issue), "--theme", "letter", "--format", "eml").code == 2
    assert call("preview").code == 2


def test_a_gallery_in_files_has_a_page_for_each_theme_and_layout(call, issue, tmp_path):
    folder = tmp_path / "gallery"
    result = call("preview", "--gallery", str(folder))
    assert (result.code, f"{3 * (3 + len(KINDS))} mails" in result.out) == (0, True)
    index = (folder / "index.html").read_text()
    for name in ("atlas-digest", "gazette-announcement", "letter-sign_in"):
        assert f'href="{name}.html"' in index
        assert f'src="{name}-dark.html"' in (folder / f"{name}.html").read_text()
        assert (folder / f"{name}-text.html").is_file()
    one = call("preview", str(issue), "--gallery", str(tmp_path / "one"), "--theme", "letter", "--layout", "post")
    assert "1 mails" not in one.out
    assert (tmp_path / "one" / "letter-post-wide.html").is_file()


def test_a_report_says_what_is_odd_about_an_issue(call, now):
    issue = make_sent_issue()
    Alarm.sound(issue, Alarm.Cause.COMPLAINTS, "9 of 20 messages were called spam", now)
    assert call("report", str(issue), "--json").facts["alarms"][0]["alarm"] == "complaints"
    assert "9 of 20 messages were called spam" in " ".join(call("report", str(issue)).out.split())


def test_it_is_scheduled_at_the_readers_local_time_and_says_for_whom_that_is_late(call, issue):
    make_subscriber(time_zone="Pacific/Auckland")
    call("approve", str(issue))
    soon = (timezone.now() + timedelta(hours=1)).astimezone(ZoneInfo("Europe/Berlin"))
    done = call("schedule", str(issue), "--at", f"{soon:%Y-%m-%d %H:%M}", "--local-time", "--json")
    assert done.facts["local_time"] is True
    assert "at the local time of" in done.err
    assert "for 1 that has passed, and they get it at once" in done.err
    assert call("schedule", str(issue), "--no-local-time", "--json").facts["local_time"] is False
    assert call("send", str(issue), "--json").facts["local_time"] is False
