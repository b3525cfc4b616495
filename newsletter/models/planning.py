"""What staff have planned beside config.yaml: another recurrence, dates left out or moved, and who follows by feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet

from newsletter.models import deeds
from newsletter.models.issue import Issue, TransitionRefused

Status = Issue.Status
LONGEST_REASON = 200


class Recurrence(models.Model):
    """When a newsletter's issues are due from a moment on, instead of what held before; rows follow each other."""

    class Kind(models.TextChoices):
        """Where the dates come from."""

        RULE = "rule", "a rule of its own"
        CONFIG = "config", "config.yaml"
        NONE = "none", "made by hand only"

    newsletter = models.SlugField(max_length=63)
    kind = models.CharField(max_length=6, choices=Kind)
    cron = models.CharField(max_length=200, blank=True, help_text="As in config.yaml.")
    weeks = models.PositiveSmallIntegerField(
        default=1, help_text="Of the dates of the cron line, those of every so many weeks, counted from the first one."
    )
    time_zone = models.CharField(max_length=63, blank=True)
    since = models.DateTimeField(help_text="It holds for dates at or after this moment.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("since", "pk")
        constraints = (models.UniqueConstraint(fields=("newsletter", "since"), name="one_recurrence_at_a_time"),)

    def __str__(self) -> str:
        return f"recurrence of {self.newsletter}"

    @property
    def says(self) -> str:
        """What it holds, for the log."""
        if self.kind != self.Kind.RULE:
            return self.get_kind_display()
        every = f", every {self.weeks} weeks" if self.weeks > 1 else ""
        return f"{self.cron} in {self.time_zone}{every}"

    @classmethod
    def begin(cls, newsletter: str, since: datetime, before: str, **fields: Any) -> Recurrence:
        """Let a recurrence hold from a moment on, in the place of all that would have begun then or later."""
        with transaction.atomic():
            cls.objects.filter(newsletter=newsletter, since__gte=since).delete()
            made = cls.objects.create(newsletter=newsletter, since=since, by=deeds.person(), **fields)
            deeds.note(made, [("recurrence", before, made.says), ("from", "", f"{since:%Y-%m-%d %H:%M} UTC")])
        return made


class DateChange(models.Model):
    """A due date that is left out, or due at another moment; no issue takes its place."""

    newsletter = models.SlugField(max_length=63)
    due_at = models.DateTimeField(help_text="The date as the recurrence has it.")
    moved_to = models.DateTimeField(
        null=True, blank=True, help_text="Empty where it is left out; the same moment where a holiday does not count."
    )
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("due_at",)
        constraints = (models.UniqueConstraint(fields=("newsletter", "due_at"), name="one_change_per_due_date"),)

    def __str__(self) -> str:
        return f"{self.newsletter}, due {self.due_at:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def put(cls, newsletter: str, due: datetime, moved_to: datetime | None, reason: str) -> DateChange:
        """Leave a date out, or move it, whatever was decided of it before; the log gets both."""
        with transaction.atomic():
            earlier = cls.objects.filter(newsletter=newsletter, due_at=due).first()
            row, _ = cls.objects.update_or_create(
                newsletter=newsletter, due_at=due,
                defaults={"moved_to": moved_to, "reason": reason, "by": deeds.person()},
            )  # fmt: skip
            deeds.note(row, [("date", said(earlier, due), said(row, due)), ("reason", "", reason)])
        return row

    @classmethod
    def take_back(cls, newsletter: str, due: datetime) -> bool:
        """Let a date be as the recurrence has it; say whether it was not."""
        with transaction.atomic():
            row = cls.objects.filter(newsletter=newsletter, due_at=due).first()
            if row is None:
                return False
            deeds.note(row, [("date", said(row, due), said(None, due))])
            row.delete()
        return True


def said(change: DateChange | None, due: datetime) -> str:
    """What becomes of a date, for the log."""
    if change is None or change.moved_to == due:
        return "as planned" if change is None else "kept"
    return f"{change.moved_to:%Y-%m-%d %H:%M} UTC" if change.moved_to else "left out"


class CalendarFeed(models.Model):
    """The address under which a member of staff follows the calendar; its number is what the address is signed from."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"calendar feed of {self.user}"

    @classmethod
    def renew(cls, user: Any) -> CalendarFeed:
        """Make an address anew; the one before answers no more."""
        with transaction.atomic():
            cls.objects.filter(user=user).delete()
            feed = cls.objects.create(user=user)
            deeds.say(user, "made a new address of the calendar feed")
        return feed

    @classmethod
    def revoke(cls, user: Any) -> None:
        """Let there be none."""
        with transaction.atomic():
            if cls.objects.filter(user=user).delete()[0]:
                deeds.say(user, "revoked the address of the calendar feed")


def move_issue(issue: Issue, due: datetime, slug: str, *, another_day: bool) -> bool:
    """Let an issue be due at another moment, if sending has not begun; say whether that voided an approval.

    A time of sending that was set moves by as much. The mail bears the day and the address of its page, so what was
    approved for one day is not approved for another.
    """
    with transaction.atomic():
        held = Issue.objects.select_for_update().get(pk=issue.pk)
        if held.status not in Issue.EDITABLE or held.kind != Issue.Kind.REGULAR:
            raise TransitionRefused(f"{held} is {held.get_status_display()}; its date cannot be changed any more")
        if Issue.regular(held.newsletter).filter(due_at=due).exclude(pk=held.pk).exists():
            raise TransitionRefused(f"another issue of {held.newsletter} is due at that very moment")
        send_at = held.send_at and held.send_at + (due - held.due_at)
        deeds.note(
            held,
            [("due", _utc(held.due_at), _utc(due)), ("name", held.slug, slug),
             ("time of sending", _utc(held.send_at), _utc(send_at))],
        )  # fmt: skip
        Issue.objects.filter(pk=held.pk).update(due_at=due, slug=slug, send_at=send_at)
        voided = another_day and held.status in (Status.APPROVED, Status.SCHEDULED)
        if voided:
            held.edited()
        issue.refresh_from_db()
    return voided


def leave_out(issue: Issue, reason: str, now: datetime) -> None:
    """Give up an issue that has not begun to be sent: a draft is skipped, what is further is cancelled."""
    if issue.status == Status.DRAFT:
        issue.go(Status.SKIPPED, reason=reason)
    else:
        before_sending = (Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED)
        issue.go(Status.CANCELLED, only=before_sending, reason=reason, finished_at=now)


def issues_due(newsletters: list[str], after: datetime, until: datetime) -> QuerySet[Issue]:
    """The issues of these newsletters that are due within a time."""
    return Issue.objects.filter(newsletter__in=newsletters, due_at__gt=after, due_at__lte=until).order_by(
        "due_at", "pk"
    )


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
