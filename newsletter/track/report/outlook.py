"""What an A/B test can show, before it is sent: how many get each variant, and which difference they can tell."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from newsletter.models import Event, Trial
from newsletter.track.report.letters import past
from newsletter.track.report.odds import smallest_difference

EARLIER = 5
"""Issues that say what is usual."""
USUAL = {"clicks": 0.03, "opens": 0.3}
"""What is taken to be usual where nothing was sent yet."""
KINDS = {"clicks": Event.Kind.CLICK, "opens": Event.Kind.OPEN}


@dataclass(frozen=True)
class Outlook:
    """`each` people get each variant, and `rest` wait; `usual` is the share that does what the measure counts."""

    whole: int
    each: int
    rest: int
    usual: float
    known: bool
    measure: str

    @property
    def difference(self) -> float | None:
        """The smallest difference between two variants that so many people can show; None of nobody."""
        return smallest_difference(self.usual, self.each)

    @property
    def little(self) -> bool:
        """Whether a variant would have to do half as well again as the other, and better, to be told from it."""
        return self.difference is None or self.difference > self.usual / 2

    @property
    def words(self) -> str:
        """How many get each variant, and what can be told from it."""
        return f"{_people(self.each)} get each variant: {self.shows}" if self.each else self.shows

    @property
    def shows(self) -> str:
        """What can be told from it."""
        if self.difference is None:
            return "the share is so small that no variant goes to anybody"
        about = "usual here" if self.known else "an assumption, as nothing was sent yet"
        did = "click" if self.measure == "clicks" else "open"
        return (
            f"a difference shows only if it is about "
            f"{self.difference * 100:.1f} percentage points or more, where {self.usual * 100:.1f} % {did} ({about})"
        )


def outlook(trial: Trial, whole: int) -> Outlook:
    """What a trial can show with an audience of so many."""
    tested = round(whole * trial.share / 100)
    usual = usual_rate(trial)
    rate = usual if usual else USUAL[trial.measure]
    each = tested // max(len(trial.letters), 1)
    return Outlook(whole, each, whole - tested, rate, bool(usual), trial.measure)


def usual_rate(trial: Trial) -> float | None:
    """The adjusted share of the newsletter's last issues; None where nobody can say."""
    shares = [one.share(KINDS[trial.measure], "readers") for one in past(trial.issue.newsletter, EARLIER)]
    known = [share for share in shares if share]
    return min(median(known), 1.0) if known else None


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"
