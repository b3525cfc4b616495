"""What needs a member of staff: each thing with the one place where it is seen to, and only what they may do.

Each kind is a generator of one question to the database, bounded, and a line in KINDS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse

from newsletter import roles
from newsletter.config.telling import masked
from newsletter.desk.admin.collect import sources_of
from newsletter.desk.saying import counted
from newsletter.desk.zones import brief, zone_of
from newsletter.models import Alarm, Hitch, Issue, Message, Reply, Source, Trial
from newsletter.settings import current

MOST = 8
"""Of one kind; whoever has more goes to the list."""
WEEK = timedelta(days=7)
"""How long an alarm stands here; on its issue's report it stays."""
OF_LATE = timedelta(days=60)
"""Of issues that went out in so long, what is uncertain is shown."""
SEE, CHANGE = "newsletter.view_issue", "newsletter.change_issue"
APPROVE, SEND = "newsletter.approve_issue", "newsletter.send_issue"
Status = Issue.Status


@dataclass(frozen=True)
class Need:
    """One thing: what it is about, what is the matter, and the button. `level` is `problem`, `task` or `news`."""

    about: str
    words: str
    button: str = ""
    address: str = ""
    detail: str = ""
    level: str = "task"


def needs(user: Any, now: datetime) -> list[Need]:
    """All of them, the gravest kinds first."""
    return [one for kind in KINDS for one in islice(kind(user, now), MOST)]


def _stopped(user: Any, now: datetime) -> Iterator[Need]:
    """Issues that have stopped themselves, or that somebody has paused."""
    paused = roles.theirs(user, SEND, Issue.objects.filter(status=Status.PAUSED))
    for issue in paused.order_by("-halted_at", "-pk")[:MOST]:
        words = "has stopped itself" if issue.halted_at else "is paused"
        yield Need(
            str(issue), words, "See and resume", reverse("desk-report", args=(issue.pk,)), issue.reason, "problem"
        )  # fmt: skip


def _uncertain(user: Any, now: datetime) -> Iterator[Need]:
    """Messages about which a person has to decide; asked issue by issue, as the ledger's index has them."""
    begun = Issue.objects.filter(started_at__gte=now - OF_LATE).order_by("-started_at")
    issues = {issue.pk: issue for issue in roles.theirs(user, SEND, begun)[:100]}
    rows = Message.objects.filter(issue__in=list(issues), state=Message.State.UNCERTAIN).order_by()
    counts = dict(rows.values_list("issue").annotate(Count("pk")))
    for issue in (one for pk, one in issues.items() if pk in counts):
        yield Need(
            str(issue), f"has {counts[issue.pk]:,} uncertain", "Settle", reverse("desk-settle", args=(issue.pk,)),
            "Their answer was lost on the wire. They are never sent again by themselves, and wait for your decision.",
            "problem",
        )  # fmt: skip


def _choices(user: Any, now: datetime) -> Iterator[Need]:
    """A/B tests whose time is over, and that a person decides; until then the rest of the readers waits."""
    asked = roles.theirs(user, SEND, Trial.undecided().filter(asked_at__isnull=False), "issue__newsletter")
    for trial in asked.order_by("ends_at", "pk")[:MOST]:
        since = (
            f"Since {brief(trial.ends_at, zone_of(trial.issue))} the rest of the readers waits."
            if trial.ends_at
            else ""
        )
        address = reverse("desk-ab", args=(trial.issue_id,))
        yield Need(str(trial.issue), "has an A/B test that you decide", "Choose", address, since)


def _failing(user: Any, now: datetime) -> Iterator[Need]:
    """Sources that could not be read."""
    if not user.has_perm("newsletter.view_source"):
        return
    names = sources_of(user, "newsletter.view_source")
    failing = Source.objects.filter(failures__gt=0) if names is None else Source.objects.filter(
        failures__gt=0, name__in=names
    )  # fmt: skip
    for source in failing.order_by("-failures", "name")[:MOST]:
        times = "once" if source.failures == 1 else f"{source.failures} times in a row"
        address = reverse("desk-source", args=(source.name,))
        yield Need(f"Source {source.name}", f"failed {times}", "See why", address, masked(source.error), "problem")


def _hitches(user: Any, now: datetime) -> Iterator[Need]:
    """What is not being carried out; it goes on by itself as soon as nothing is in the way."""
    if user.has_perm("subscribers.view_subscriber"):
        for hitch in Hitch.standing(now)[:MOST]:
            detail = f"{hitch.reason}. It goes on by itself once that is mended."
            yield Need(hitch.name[:1].upper() + hitch.name[1:], "waits", detail=detail, level="problem")


def _alarms(user: Any, now: datetime) -> Iterator[Need]:
    """What is odd about what came back."""
    found = Alarm.objects.filter(at__gte=now - WEEK).select_related("issue")
    for alarm in roles.theirs(user, SEE, found, "issue__newsletter")[:MOST]:
        since = f"{alarm.words} Since {brief(alarm.at, zone_of(alarm.issue))}."
        address = reverse("desk-report", args=(alarm.issue_id,))
        yield Need(str(alarm.issue), alarm.get_cause_display(), "See the report", address, since, "problem")


def _approvals(user: Any, now: datetime) -> Iterator[Need]:
    """Issues in review that this member of staff may approve."""
    for issue in _soonest(roles.theirs(user, APPROVE, Issue.objects.filter(status=Status.IN_REVIEW))):
        if _may_approve(user, issue):
            address = reverse("admin:newsletter_issue_approve", args=(issue.pk,))
            yield Need(str(issue), "waits for your approval", "Look it over", address, _due(issue, now))


def _sent_back(user: Any, now: datetime) -> Iterator[Need]:
    """Drafts that were sent back, and others, with what stands in their way."""
    drafts = Issue.objects.filter(status=Status.DRAFT).select_related("stopped_by")
    for issue in _soonest(roles.theirs(user, CHANGE, drafts)):
        by = issue.stopped_by
        words = f"was sent back{f' by {by.get_full_name() or by.get_username()}' if by else ''}"
        yield Need(
            str(issue), words if issue.stopped_at else "is a draft", "Mend it" if issue.reason else "Edit",
            reverse("desk-edit", args=(issue.pk,)), _due(issue, now), "problem" if issue.reason else "task",
        )  # fmt: skip


def _unscheduled(user: Any, now: datetime) -> Iterator[Need]:
    """Issues that are approved, and that nobody has scheduled; those that schedule themselves are left out."""
    for issue in _soonest(roles.theirs(user, SEND, Issue.objects.filter(status=Status.APPROVED))):
        letter = current().newsletters.get(issue.newsletter)
        if issue.stopped_at or not letter or letter.approval != "automatic":
            address = reverse("admin:newsletter_issue_schedule", args=(issue.pk,))
            yield Need(str(issue), "is approved, and not scheduled", "Schedule", address, _due(issue, now))


def _in_review(user: Any, now: datetime) -> Iterator[Need]:
    """Issues in review that somebody may edit still, and another has to approve."""
    for issue in _soonest(roles.theirs(user, CHANGE, Issue.objects.filter(status=Status.IN_REVIEW))):
        if not (roles.may(user, APPROVE, issue) and _may_approve(user, issue)):
            address = reverse("desk-edit", args=(issue.pk,))
            yield Need(str(issue), "is in review", "Edit", address, _due(issue, now), "news")


def _skipped(user: Any, now: datetime) -> Iterator[Need]:
    """Issues of the last days, or to come, that were not made, and why."""
    skipped = Issue.objects.filter(status=Status.SKIPPED, due_at__gte=now - WEEK)
    for issue in _soonest(roles.theirs(user, SEE, skipped)):
        address = reverse("admin:newsletter_issue_change", args=(issue.pk,))
        yield Need(str(issue), "was skipped", "See it", address, _due(issue, now), "news")


def _replies(user: Any, now: datetime) -> Iterator[Need]:
    """Replies that are held until somebody has read them."""
    if not user.has_perm("newsletter.view_reply"):
        return
    held = roles.theirs(user, "newsletter.view_reply", Reply.held(), "issue__newsletter")
    if count := held.count():
        latest = held.order_by("-received_at").values_list("text", "pk").first() or ("", 0)
        address = reverse("admin:newsletter_reply_changelist")
        if count == 1:
            address = reverse("desk-reply", args=(latest[1],))
        quoted = latest[0].strip() or "(nothing but what it quotes)"
        yield Need(
            counted(count, "reply", "replies"), f"{'waits' if count == 1 else 'wait'} for you", "Read", address,
            f"“{quoted[:100]}{'…' if len(quoted) > 100 else ''}”",
        )  # fmt: skip


KINDS: tuple[Callable[[Any, datetime], Iterator[Need]], ...] = (
    _stopped, _uncertain, _choices, _failing, _hitches, _alarms, _approvals, _sent_back, _unscheduled, _in_review,
    _replies, _skipped,
)  # fmt: skip


def _soonest(issues: QuerySet[Issue]) -> list[Issue]:
    return [*issues.order_by("due_at", "pk")[:MOST]]


def _may_approve(user: Any, issue: Issue) -> bool:
    """Whether nothing but a click is missing: the newsletter may want another than who edited it last."""
    letter = current().newsletters.get(issue.newsletter)
    return letter is not None and not (letter.approval_by == "another" and issue.edited_by_id == user.pk)


def _due(issue: Issue, now: datetime) -> str:
    """When it is due, or was; and what it says itself."""
    was = "Was due" if issue.due_at < now else "Due"
    return " · ".join(filter(None, [f"{was} {brief(issue.due_at, zone_of(issue))}", issue.reason]))
