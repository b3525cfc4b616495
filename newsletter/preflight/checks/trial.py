"""The A/B test: whether it can be, and whether it can tell anything."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter import track
from newsletter.models import Trial
from newsletter.preflight.checks.fields import counted_with
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof
from newsletter.track.report.outlook import outlook

_WHERE = "the A/B test"


def sound(proof: Proof) -> Iterator[Finding]:
    """What keeps it from being sent, or from having a winner."""
    if proof.trial is None:
        return
    for fault in proof.trial.faults():
        yield Finding("trial", fault, "mend it on the page A/B, or take the test away", _WHERE, about=fault)
    automatic = proof.trial.way == Trial.Way.AUTOMATIC
    if automatic and not track.countable(proof.config, proof.issue.newsletter, proof.trial.measure):
        yield Finding(
            "trial", f"no winner can be found: config.yaml does not have {proof.trial.measure} counted by reader here",
            "choose another measure, or decide by hand", _WHERE, about="uncounted",
        )  # fmt: skip


def telling(proof: Proof) -> Iterator[Finding]:
    """Whether so few people can show a difference that is likely to be there."""
    if proof.trial is None or (counted := counted_with(proof)) is None:
        return
    seen = outlook(proof.trial, counted.whole)
    if seen.little:
        yield Finding("trial-small", seen.words, "give it a larger share, or fewer variants", _WHERE)
