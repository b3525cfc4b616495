"""Preflight: what is looked at before an issue is approved, what stops it, and who overrides that.

It stands above the stages: it reads an issue as the mail it would be. The checks are in `checks/`, what asks others in
`links/` and `outside/`, and every code with its level in `codes.py`.
"""

from newsletter.preflight.approving import Blocked, bind, blockers, hold, insist, override
from newsletter.preflight.asked import Counted, count_for
from newsletter.preflight.codes import CODES, GROUPS
from newsletter.preflight.configured import check
from newsletter.preflight.findings import LEVELS, Finding, graded, summary
from newsletter.preflight.links import look
from newsletter.preflight.outside import Means
from newsletter.preflight.proof import Proof, pull
from newsletter.preflight.running import carry_on, complete, offline, waits, want, want_for_review
from newsletter.preflight.standing import Standing, standing

__all__ = [
    "CODES", "GROUPS", "LEVELS", "Blocked", "Counted", "Finding", "Means", "Proof", "Standing", "bind", "blockers",
    "carry_on", "check", "complete", "count_for", "graded", "hold", "insist", "look", "offline", "override", "pull",
    "standing", "summary", "waits", "want", "want_for_review",
]  # fmt: skip
