"""Approval: what stops it, and whose word lets it go on all the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from newsletter.config import Config
from newsletter.markup.text import cut, scrub
from newsletter.models import Edition, Issue, Override, Preflight, TransitionRefused, deeds
from newsletter.preflight import checks, links
from newsletter.preflight.findings import Finding, checks_of, graded, may_block
from newsletter.preflight.proof import Proof, pull

log = logging.getLogger(__name__)

NAMED = 5
"""Blockers that are named where there is little room."""
LONGEST = 500
"""Characters of a reason."""


class Blocked(TransitionRefused):
    """The issue has blockers that nobody has overridden; the message names them."""

    def __init__(self, issue: Issue, found: Sequence[Finding]) -> None:
        self.issue, self.found = issue, tuple(found)
        super().__init__(f"{issue} was not approved, because of {said(found)}")


def said(found: Sequence[Finding]) -> str:
    """Blockers in a sentence."""
    count = "a blocker" if len(found) == 1 else f"{len(found)} blockers"
    named = "; ".join(cut(str(one), 200) for one in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{count}: {named}{more}"


def blockers(proof: Proof) -> list[Finding]:
    """What stops approval, looked at now without asking anybody; of links and the rest, what is known counts."""
    wishes = checks_of(proof.config, proof.issue.newsletter)
    asked = [one for one in checks.CHECKS if any(may_block(code, wishes) for code in one.codes)]
    found = checks.look(proof, asked)
    found += links.findings(links.wanted(proof), proof.config.compose.preflight, proof.now)
    kept = proof.issue.preflights.filter(digest=proof.digest).values_list("outside", flat=True).first()
    found += map(Finding.of, kept or ())
    return [one for one in graded(found, wishes) if one.level == "blocker"]


def insist(issue: Issue, config: Config, key: str, now: datetime) -> str:
    """Return the digest of what may be approved. Raises Blocked if something stops it, and RenderError."""
    proof = pull(issue, config, key, now)
    covered = Override.covered(issue, proof.digest)
    if found := [one for one in blockers(proof) if one.key not in covered]:
        raise Blocked(issue, found)
    return proof.digest


def bind(issue: Issue, digest: str, edition: Edition, now: datetime) -> None:
    """Remember that these results, and what was overridden, are those of what was approved; though there be none."""
    nothing = {"edition": edition, "wanted_at": now, "done_at": now}
    Preflight.objects.update_or_create(
        issue=issue, digest=digest, defaults={"edition": edition}, create_defaults=nothing
    )  # fmt: skip


def override(
    issue: Issue, config: Config, key: str, reason: str, now: datetime, by: Any = None, seen: str = ""
) -> Override | None:
    """Let an issue go on in spite of its blockers, as it stands; None if there is nothing (more) to override.

    `seen` is the digest of what was looked at, if that must be it still. Whether `by` may do so is for the caller to
    know; without anybody, it was the command line. Raises TransitionRefused without a reason or once it has changed,
    and RenderError.
    """
    words = " ".join(scrub(reason).split())
    if not words:
        raise TransitionRefused("say why it goes out all the same: the reason is kept with your name")
    proof = pull(issue, config, key, now)
    if seen and seen != proof.digest:
        raise TransitionRefused(f"{issue} has changed while you were looking at it; look at its checks again")
    covered = Override.covered(issue, proof.digest)
    found = {one.key: str(one) for one in blockers(proof) if one.key not in covered}
    if not found:
        return None
    name = by.get_username() if by else "the command line"
    with transaction.atomic():
        made, new = Override.objects.get_or_create(
            issue=issue, digest=proof.digest, reason=words[:LONGEST], by_name=name,
            defaults={"blockers": found, "by": by, "at": now},
        )  # fmt: skip
        if not new:
            Override.objects.filter(pk=made.pk).update(blockers={**made.blockers, **found}, at=now)
        what = f"{len(found)} blocker{'' if len(found) == 1 else 's'} of {issue} overridden: {words[:LONGEST]}"
        log.warning("%s (by %s: %s)", what, name, "; ".join(found.values()))
        deeds.say(issue, what, by)
    return made


def hold(issue: Issue, error: Blocked) -> None:
    """Leave an issue that would have approved itself to people, who are told as of any draft, and why."""
    reason = f"not approved by itself, because of {said(error.found)}"
    log.warning("%s: %s", issue, reason)
    issue.go(Issue.Status.IN_REVIEW, only=(Issue.Status.DRAFT,), reason=reason)
