"""Trial: an A/B test of an issue. A share of the readers gets its variants, the rest what has done best with them.

Variant a is the issue as it stands; the others say a few things differently. The messages know which they are
(`Message.variant`), and the issue knows the edition of each, which is bound as it is approved (`Issue.variants`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import QuerySet

from newsletter.models import deeds
from newsletter.models.issue import Issue, TransitionRefused

if TYPE_CHECKING:
    from newsletter.models.edition import Edition

FIELDS = ("subject", "preheader", "sender_name", "opening")
"""What may differ between variants."""
NAMES = {"subject": "subject", "preheader": "preheader", "sender_name": "sender's name", "opening": "opening letter"}
LETTERS = "abcde"
FIRST = LETTERS[0]
"""The issue as it stands."""
FEWEST = 2
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=7)
"""How long a trial may wait for what comes back."""
PLAN = ("share", "measure", "way")
"""What is chosen of a trial, beside what varies and how long it waits."""


def only_subject() -> list[str]:
    """What varies unless somebody chooses otherwise."""
    return ["subject"]


class Trial(models.Model):
    """The trial of an issue: who gets the variants, what is counted, and who says which has won."""

    class Measure(models.TextChoices):
        """What the winner is found by: what people did, without machines."""

        CLICKS = "clicks", "readers who clicked, adjusted"
        OPENS = "opens", "readers who opened, adjusted"

    class Way(models.TextChoices):
        """Who says which has won."""

        AUTOMATIC = "automatic", "by itself, when the wait is over"
        BY_HAND = "by_hand", "by hand"

    issue = models.OneToOneField(Issue, models.CASCADE, related_name="trial")
    varies = models.JSONField(default=only_subject, help_text="What differs between the variants, of FIELDS.")
    share = models.PositiveSmallIntegerField(
        default=20, validators=(MinValueValidator(1), MaxValueValidator(100)),
        help_text="The part of the audience that gets the variants, in percent.",
    )  # fmt: skip
    measure = models.CharField(max_length=6, choices=Measure, default=Measure.CLICKS)
    wait = models.DurationField(
        default=timedelta(hours=4), help_text="How long it is waited once the variants have gone out."
    )
    way = models.CharField(max_length=9, choices=Way, default=Way.AUTOMATIC)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="When the wait is over; known once they have gone.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When staff were asked to decide.")
    winner = models.CharField(max_length=1, blank=True, default="", db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    confidence = models.FloatField(
        null=True, blank=True, help_text="How likely the winner is the best of them, from 0 to 1."
    )
    words = models.TextField(blank=True, default="", db_default="", help_text="Why this one has won.")

    def __str__(self) -> str:
        return f"A/B test of {self.issue}"

    @classmethod
    def of(cls, issue: Issue) -> Trial | None:
        """The trial of an issue, as it is stored now."""
        return cls.objects.filter(issue=issue).prefetch_related("variants").first()

    @classmethod
    def undecided(cls) -> QuerySet[Trial]:
        """Trials of issues that have begun to be sent, of which nobody has said yet which has won."""
        begun = cls.objects.filter(winner="", issue__status__in=Issue.GOING)
        return begun.select_related("issue").order_by("pk")

    @property
    def letters(self) -> list[str]:
        """The letters of its variants."""
        return [one.letter for one in self.ordered]

    @property
    def ordered(self) -> list[Variant]:
        """Its variants, a first."""
        return sorted(self.variants.all(), key=lambda one: one.letter)

    @property
    def others(self) -> list[Variant]:
        """Its variants without the issue as it stands."""
        return [one for one in self.ordered if one.letter != FIRST]

    def variant(self, letter: str) -> Variant:
        """One of its variants. Raises Variant.DoesNotExist."""
        found = next((one for one in self.ordered if one.letter == letter), None)
        if found is None:
            raise Variant.DoesNotExist(f"{self.issue} has no variant {letter}")
        return found

    @property
    def is_split(self) -> bool:
        """Whether everybody gets a variant, and nobody waits for the winner."""
        return self.share == 100

    def said(self, letter: str) -> dict[str, str]:
        """What a variant says of what varies; where it says nothing, what the issue does."""
        one, first = self.variant(letter), {name: str(getattr(self.issue, name, "")) for name in FIELDS}
        if self.winner:  # the issue says now what the winner did, and the first variant's row what the issue did
            kept = self.variant(FIRST)
            first = {name: str(getattr(kept, name)) for name in FIELDS}
        return {name: getattr(one, name) or first[name] for name in FIELDS if name in self.varies}

    def worn(self, letter: str) -> Issue:
        """The issue as a variant says it: a copy to be drawn, never to be saved."""
        dressed = copy(self.issue)
        for name, words in self.said(letter).items():
            if name != "sender_name":
                setattr(dressed, name, words)
        return dressed

    def sender_name(self, letter: str) -> str:
        """The sender's name of a variant; empty where it is the newsletter's own."""
        return self.said(letter).get("sender_name", "")

    def faults(self) -> list[str]:
        """Why it cannot be sent as it stands; of what its newsletter counts it knows nothing."""
        found = []
        count = len(self.letters)
        if not FEWEST <= count <= len(LETTERS):
            found.append(f"an A/B test has {FEWEST} to {len(LETTERS)} variants, and this one has {count}")
        if not self.varies:
            found.append("nothing varies: choose subject, preheader, sender's name or opening letter")
        found += self._twins()
        if not 1 <= self.share <= 100:
            found.append("the share of the readers lies between 1 and 100 %")
        if not SHORTEST <= self.wait <= LONGEST:
            found.append("it waits 10 minutes at least, and 7 days at most")
        return found

    def _twins(self) -> list[str]:
        """Variants that say the same: nothing can be learnt from them."""
        seen: dict[tuple[tuple[str, str], ...], str] = {}
        found = []
        for letter in self.letters if self.varies else ():
            said = tuple((name, " ".join(words.split())) for name, words in self.said(letter).items())
            if said in seen:
                what = " and ".join(NAMES[name] for name in FIELDS if name in self.varies)
                found.append(f"variants {seen[said].upper()} and {letter.upper()} say the same: {what} must differ")
            seen.setdefault(said, letter)
        return found

    # ── its way ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def insist(self, editions: Mapping[str, Edition]) -> None:
        """Raise TransitionRefused if two of its variants come out the same, whatever was written for them."""
        digests: dict[str, str] = {}
        for letter, edition in editions.items():
            if edition.digest in digests:
                raise TransitionRefused(
                    f"{self.issue} was not approved: variants {digests[edition.digest].upper()} and {letter.upper()} "
                    "of its A/B test come out the same"
                )
            digests[edition.digest] = letter

    def over_at(self, at: datetime) -> bool:
        """Write down when the wait is over; say whether this call did."""
        mine = Trial.objects.filter(pk=self.pk, ends_at=None, winner="")
        changed = bool(mine.update(ends_at=at))
        self.refresh_from_db(fields=("ends_at",))
        return changed

    def ask(self, now: datetime) -> bool:
        """Note that staff are asked to decide; say whether this call, and no other worker's, did it."""
        return bool(Trial.objects.filter(pk=self.pk, asked_at=None, winner="").update(asked_at=now))

    def decide(self, letter: str, now: datetime, words: str, confidence: float | None = None, by: Any = None) -> bool:
        """Let a variant be what the rest gets; say whether this call, and no other worker or person, did it.

        The issue says from then on what the winner does: so does its page in the archive. Raises TransitionRefused if
        there is nothing to decide.
        """
        with transaction.atomic():
            self.issue = issue = Issue.objects.select_for_update().get(pk=self.issue_id)
            if issue.status not in Issue.GOING or letter not in issue.variants:
                raise TransitionRefused(f"{issue} is {issue.get_status_display()}: there is nothing to decide")
            if not issue.decide(letter, now):
                return False
            said = {name: text for name, text in self.said(letter).items() if name != "sender_name"}
            kept = {name: getattr(issue, name) for name in FIELDS if name != "sender_name"}
            Variant.objects.filter(trial=self.pk, letter=FIRST).update(**kept)
            Issue.objects.filter(pk=issue.pk).update(**said)
            told = {"decided_at": now, "decided_by": by, "confidence": confidence, "words": words}
            Trial.objects.filter(pk=self.pk).update(winner=letter, **told)
            deeds.note(issue, [("winner of the A/B test", "", f"variant {letter.upper()}: {words}")])
        self.refresh_from_db()
        return True

    # ── as plain values ──────────────────────────────────────────────────────────────────────────────────────────────

    def state(self) -> dict[str, Any]:
        """All that somebody chose of it, as a revision keeps it."""
        return {
            "varies": list(self.varies), **{name: getattr(self, name) for name in PLAN},
            "wait": round(self.wait.total_seconds()),
            "variants": {one.letter: {name: getattr(one, name) for name in FIELDS} for one in self.others},
        }  # fmt: skip


class Variant(models.Model):
    """What one variant of a trial says differently. What is empty is as in the issue."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="variants")
    letter = models.CharField(max_length=1)
    subject = models.TextField(blank=True, default="", db_default="")
    preheader = models.TextField(blank=True, default="", db_default="")
    sender_name = models.TextField(blank=True, default="", db_default="")
    opening = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ("letter",)
        constraints = (models.UniqueConstraint(fields=("trial", "letter"), name="one_variant_per_letter"),)

    def __str__(self) -> str:
        return f"variant {self.letter.upper()} of {self.trial.issue}"


def put(issue: Issue, state: Mapping[str, Any] | None) -> None:
    """Make the issue's trial what a state says; without one, there is none any more.

    Raises TransitionRefused where it is scheduled for local time: the two do not go together.
    """
    if not state:
        Trial.objects.filter(issue=issue).delete()
        return
    if issue.local_time and issue.status == Issue.Status.SCHEDULED:
        # Who edits it would undo, without a word, what was scheduled.
        raise TransitionRefused(
            f"{issue} is scheduled for each reader's local time, and an A/B test goes out to all at the same moment: "
            "schedule it for one moment first"
        )
    plan = {name: state[name] for name in (*PLAN, "varies")} | {"wait": timedelta(seconds=state["wait"])}
    trial, _ = Trial.objects.update_or_create(issue=issue, defaults=plan)
    wanted: Mapping[str, Mapping[str, str]] = state["variants"]
    trial.variants.exclude(letter__in=[FIRST, *wanted]).delete()
    for letter, words in {FIRST: {}, **wanted}.items():
        Variant.objects.update_or_create(trial=trial, letter=letter, defaults=dict(words))


def state_of(issue: Issue) -> dict[str, Any] | None:
    """The issue's trial as plain values, if it has one."""
    trial = Trial.of(issue)
    return trial.state() if trial else None


def begun(letters: Sequence[str] = ("b",)) -> dict[str, Any]:
    """The state of a new trial."""
    return {
        "varies": only_subject(), "share": 20, "measure": Trial.Measure.CLICKS.value,
        "way": Trial.Way.AUTOMATIC.value, "wait": 4 * 3600,
        "variants": {letter: dict.fromkeys(FIELDS, "") for letter in letters},
    }  # fmt: skip


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """What is different of a trial, in words, one line a change."""
    if before == after:
        return []
    if not before or not after:
        return ["A/B test taken away" if before else "A/B test added"]
    names = {"varies": "what varies", "share": "share", "measure": "measure", "way": "who decides", "wait": "wait"}
    lines = [f"A/B test: {words} changed" for name, words in names.items() if before[name] != after[name]]
    old, new = before["variants"], after["variants"]
    lines += [f"A/B test: variant {one.upper()} added" for one in new if one not in old]
    lines += [f"A/B test: variant {one.upper()} taken out" for one in old if one not in new]
    for letter in (one for one in new if one in old):
        what = [NAMES[name] for name in FIELDS if old[letter][name] != new[letter][name]]
        lines += [f"A/B test: {', '.join(what)} of variant {letter.upper()} changed"] if what else []
    return lines
