"""The verbs: each thing that can be done to an issue, from which statuses, with which question, by whom, and how."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from newsletter import pipeline, roles
from newsletter.desk.asking import QuestionForm, ReasonForm, RefusalForm, SeenForm, WhenForm
from newsletter.desk.zones import said, zone_of
from newsletter.models import Issue, Item, TransitionRefused, trial
from newsletter.models.edition import digest_of

APPROVE, SEND, CHANGE = "newsletter.approve_issue", "newsletter.send_issue", "newsletter.change_issue"


class Already(TransitionRefused):
    """What is asked for has been done: by a second click, from a page that is gone back to, or by somebody else."""


@dataclass(frozen=True)
class Verb:
    """One thing that can be done: from which statuses, with which question, and how.

    `act` may return a sentence on what came of it; else it is `done`.
    """

    statuses: tuple[Issue.Status, ...]
    question: str
    explanation: str
    done: str
    act: Callable[[pipeline.Context, Issue, Any, dict[str, Any]], str | None]
    form: type[QuestionForm] = QuestionForm
    danger: bool = False
    label: str = ""
    counts_people: bool = False
    permission: str = SEND
    after: tuple[Issue.Status, ...] = ()
    """Where it leads to; an issue that is there already is left as it is, whoever brought it there."""
    stopped: bool = False
    """Whether it is only for what a person has stopped."""
    in_bar: bool = False
    """Whether its button stands in the bar above each page, and not among those of the issue."""

    def allowed(self, issue: Issue | None) -> bool:
        """Whether the issue can be taken there from where it stands."""
        return issue is not None and issue.status in self.statuses and bool(issue.stopped_at or not self.stopped)

    def offered(self, user: Any, issue: Issue | None) -> bool:
        """Whether its button stands on the issue's page: it is allowed, and somebody may do it."""
        return not self.in_bar and self.allowed(issue) and roles.may(user, self.permission, issue)

    def insist(self, issue: Issue) -> None:
        """Raise TransitionRefused unless it is allowed."""
        if not self.allowed(issue):
            if issue.status in self.after:
                raise Already(f"{issue} is {_word(issue)} already.")
            wanted = " or ".join(status.label.lower() for status in self.statuses)
            raise TransitionRefused(f"{issue} is {_word(issue)}; this can only be done while it is {wanted}")


def _word(issue: Issue) -> str:
    return str(issue.get_status_display()).lower()


def fingerprint(issue: Issue) -> str:
    """A digest of everything of an issue that its mail is made of."""
    names = ("position", "section", "section_emoji", "note", *Item.COPIED)
    items = issue.items.order_by("position", "pk").values_list("pk", *names)
    own = issue.own_blocks.order_by("position", "pk").values_list("pk", "position", "section", "section_emoji", "text")
    return digest_of(
        issue.subject, issue.preheader, issue.opening, issue.closing, *map(repr, items), "own blocks", *map(repr, own),
        *(["trial", json.dumps(tried, sort_keys=True)] if (tried := trial.state_of(issue)) else []),
    )  # fmt: skip


def _approve(ctx: pipeline.Context, issue: Issue, by: Any, data: dict[str, Any]) -> None:
    """Approve the issue only if it still says what the approver was asked about."""
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        if fingerprint(held) != data["seen"]:
            raise TransitionRefused(f"{issue} was not approved: it changed while you were looking at it; look again")
        pipeline.approve(ctx, held, by)


def _schedule(ctx: pipeline.Context, issue: Issue, by: Any, data: dict[str, Any]) -> str:
    """Set when it is sent; not over the head of somebody who has set it meanwhile."""
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        local = bool(data.get("local_time"))
        when = said(data["at"], zone_of(issue)) + (", at each reader's local time" if local else "")
        if held.status == Issue.Status.SCHEDULED:
            if (held.send_at, held.local_time) == (data["at"], local):
                raise Already(f"{issue} is scheduled for {when} already.")
            if data["seen"] and data["seen"] != WhenForm.standing(held) and held.send_at:
                raise TransitionRefused(
                    f"somebody has scheduled {issue} for {said(held.send_at, zone_of(issue))} meanwhile; "
                    "if yours is to hold instead, press Schedule once more"
                )
        pipeline.schedule(ctx, held, data["at"], local_time=local)
    return f"{issue} is scheduled for {when}."


def _send_now(ctx: pipeline.Context, issue: Issue, by: Any, data: dict[str, Any]) -> str | None:
    """Have it begin once nobody can think better of it any more."""
    undo = ctx.config.send.undo
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        if held.status == Issue.Status.SCHEDULED and held.send_at and held.send_at <= ctx.clock() + undo:
            raise Already(f"{issue} is about to go out already.")
        pipeline.schedule(ctx, held, ctx.clock(), local_time=False, undo=undo)
    if not undo:
        return None
    return f"{issue} goes out in {undo.total_seconds():.0f} seconds. Until then it can be undone, above on each page."


def _stop(ctx: pipeline.Context, issue: Issue, by: Any, data: dict[str, Any]) -> str:
    pipeline.stop(ctx, issue, str(by))
    if issue.status == Issue.Status.PAUSED:
        return f"Sending of {issue} is stopped: what is on the wire is finished, and the rest waits."
    return f"{issue} is taken off the schedule. It stays approved, and nothing of it has gone out."


def _go_on(ctx: pipeline.Context, issue: Issue, by: Any, data: dict[str, Any]) -> str:
    pipeline.go_on(ctx, issue)
    if issue.status == Issue.Status.SCHEDULED and issue.send_at:
        return f"{issue} is scheduled again, for {said(issue.send_at, zone_of(issue))}."
    return f"{issue} goes on where it stopped."


VERBS = {
    "approve": Verb(
        Issue.FROM[Issue.Status.APPROVED],
        "Approve this issue?",
        "What is approved is what is sent, byte for byte. Any edit afterwards voids the approval.",
        "approved",
        _approve,
        SeenForm,
        permission=APPROVE,
        after=(Issue.Status.APPROVED,),
    ),
    "refuse": Verb(
        (Issue.Status.IN_REVIEW,),
        "Send it back?",
        "It becomes a draft again, and comes back to review when somebody hands it in again.",
        "sent back, with what you wrote",
        lambda ctx, issue, by, data: pipeline.refuse(ctx, issue, data["reason"]),
        RefusalForm,
        label="Send back",
        permission=APPROVE,
        after=(Issue.Status.DRAFT,),
    ),
    "hand_in": Verb(
        (Issue.Status.DRAFT,),
        "Hand it in again?",
        "It goes back into review, and whoever approves it is told.",
        "in review again",
        lambda ctx, issue, by, data: pipeline.hand_in(ctx, issue),
        label="Hand in again",
        permission=CHANGE,
        after=(Issue.Status.IN_REVIEW,),
        stopped=True,
    ),
    "schedule": Verb(
        Issue.FROM[Issue.Status.SCHEDULED],
        "When is it sent?",
        "The audience is frozen at that moment, and sending starts.",
        "scheduled",
        _schedule,
        WhenForm,
        counts_people=True,
        after=(Issue.Status.SENDING, Issue.Status.SENT),
    ),
    "unschedule": Verb(
        (Issue.Status.SCHEDULED,),
        "Take it off the schedule?",
        "It stays approved, and goes out only if somebody schedules it again.",
        "not scheduled any more. It stays approved",
        lambda ctx, issue, by, data: pipeline.unschedule(ctx, issue, f"taken off the schedule by {by}"),
        after=(Issue.Status.APPROVED,),
    ),
    "send": Verb(
        Issue.FROM[Issue.Status.SCHEDULED],
        "Send it now?",
        "The audience is frozen, and sending starts.",
        "going out",
        _send_now,
        danger=True,
        label="Send now",
        counts_people=True,
        after=(Issue.Status.SENDING, Issue.Status.SENT),
    ),
    "pause": Verb(
        Issue.FROM[Issue.Status.PAUSED],
        "Pause sending?",
        "What is on the wire is finished; the rest waits until you resume.",
        "paused",
        lambda ctx, issue, by, data: pipeline.pause(ctx, issue, data["reason"] or f"paused by {by}"),
        ReasonForm,
        after=(Issue.Status.PAUSED,),
    ),
    "resume": Verb(
        (Issue.Status.PAUSED,),
        "Resume sending?",
        "It goes on where it stopped, with the same audience. Nobody gets it twice.",
        "going on where it stopped",
        lambda ctx, issue, by, data: pipeline.resume(ctx, issue),
        after=(Issue.Status.SENDING,),
    ),
    "cancel": Verb(
        Issue.FROM[Issue.Status.CANCELLED],
        "Cancel this issue for good?",
        "What has been sent stays sent. The rest never is, and this cannot be undone.",
        "cancelled",
        lambda ctx, issue, by, data: pipeline.cancel(ctx, issue, data["reason"] or f"cancelled by {by}"),
        ReasonForm,
        danger=True,
        after=(Issue.Status.CANCELLED,),
    ),
    "stop": Verb(
        (Issue.Status.SCHEDULED, Issue.Status.SENDING),
        "Stop the presses?",
        "What has not begun comes off the schedule and stays approved. What is being sent is paused, once what is on "
        "the wire is finished. You can let it go on again.",
        "stopped",
        _stop,
        danger=True,
        label="Stop the presses",
        after=(Issue.Status.PAUSED, Issue.Status.APPROVED),
        in_bar=True,
    ),
    "go_on": Verb(
        (Issue.Status.APPROVED, Issue.Status.PAUSED),
        "Let it go on?",
        "It is scheduled again for when it was meant, or goes on where it stopped. Nobody gets it twice.",
        "going on",
        _go_on,
        label="Go on",
        after=(Issue.Status.SCHEDULED, Issue.Status.SENDING),
        stopped=True,
        in_bar=True,
    ),
}
