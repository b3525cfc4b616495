"""Polls and likes: what readers say with one click, once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.db.models import Count

from newsletter.models.issue import Issue
from subscribers.models import Subscriber


class Like(models.Model):
    """That a reader liked an issue."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="likes")
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, related_name="likes")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "subscriber"), name="one_like_per_person"),)

    def __str__(self) -> str:
        return f"{self.subscriber} likes {self.issue}"

    @classmethod
    def keep(cls, issue: Issue, subscriber: Subscriber, now: datetime) -> None:
        """Record a like; a second time it changes nothing."""
        cls.objects.get_or_create(issue=issue, subscriber=subscriber, defaults={"at": now})


@dataclass(frozen=True)
class Bar:
    """One answer of a poll with what it got; `share` in whole per cent."""

    number: int
    answer: str
    votes: int
    share: int
    mine: bool


class Poll(models.Model):
    """A question in an issue, with the answers to choose from."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="polls")
    number = models.PositiveSmallIntegerField(help_text="Its place among the issue's polls, from 0.")
    question = models.TextField()
    answers = models.JSONField(default=list)

    class Meta:
        ordering = ("issue", "number")
        constraints = (models.UniqueConstraint(fields=("issue", "number"), name="one_poll_per_number"),)

    def __str__(self) -> str:
        return self.question

    @classmethod
    def keep(cls, issue: Issue, polls: Mapping[int, tuple[str, Sequence[str]]]) -> None:
        """Make these the issue's polls, by their numbers. Once anybody may have voted, those that are there stay."""
        with transaction.atomic():
            stored = Issue.objects.select_for_update().get(pk=issue.pk)
            if stored.started_at is not None:
                return
            wanted = [(number, question, list(answers)) for number, (question, answers) in sorted(polls.items())]
            if wanted == list(cls.objects.filter(issue=issue).values_list("number", "question", "answers")):
                return
            cls.objects.filter(issue=issue).delete()
            Poll.objects.bulk_create(
                [Poll(issue=issue, number=number, question=question, answers=answers)
                 for number, question, answers in wanted]
            )  # fmt: skip

    def vote(self, subscriber: Subscriber, answer: int, now: datetime) -> None:
        """Record a reader's answer; a second one takes the first one's place."""
        if not 0 <= answer < len(self.answers):
            raise ValueError(f"poll {self.pk} has no answer {answer}")
        Vote.objects.update_or_create(poll=self, subscriber=subscriber, defaults={"answer": answer, "at": now})

    def bars(self, subscriber: Subscriber | None = None) -> list[Bar]:
        """The answers in their order, with the votes for each; the shares are of all votes and add up to 100."""
        counted = dict(self.votes.order_by().values_list("answer").annotate(Count("pk")))
        votes = [counted.get(number, 0) for number in range(len(self.answers))]
        mine = self.votes.filter(subscriber=subscriber).values_list("answer", flat=True).first() if subscriber else None
        return [
            Bar(number, str(answer), votes[number], share, number == mine)
            for number, (answer, share) in enumerate(zip(self.answers, shares(votes), strict=True))
        ]


class Vote(models.Model):
    """A reader's answer to a poll, counted from 0."""

    poll = models.ForeignKey(Poll, models.CASCADE, related_name="votes")
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, related_name="votes")
    answer = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("poll", "subscriber"), name="one_vote_per_person"),)

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.answer}"


def shares(votes: Sequence[int]) -> list[int]:
    """Whole per cents that add up to 100: what rounding down leaves goes to the largest remainders."""
    total = sum(votes)
    if not total:
        return [0] * len(votes)
    found = [100 * one // total for one in votes]
    remainders = sorted(range(len(votes)), key=lambda at: (-(100 * votes[at] % total), at))
    for at in remainders[: 100 - sum(found)]:
        found[at] += 1
    return found
