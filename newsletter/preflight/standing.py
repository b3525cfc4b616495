"""How an issue stands with its checks: what is known of it as it is now, or of what it was before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from newsletter.config import Config
from newsletter.models import Issue, Override, Preflight
from newsletter.preflight import links
from newsletter.preflight.codes import CODES, GROUPS
from newsletter.preflight.findings import LEVELS, Finding, checks_of, graded, summary
from newsletter.preflight.proof import pull
from newsletter.preflight.running import unrendered
from newsletter.render import RenderError


@dataclass(frozen=True)
class Standing:
    """The findings, the gravest first; `row` is where they come from, and `current` whether the issue still says that.

    `covered` holds the keys of blockers that were overridden, `digest` names the issue's content now.
    """

    issue: Issue
    findings: list[Finding]
    row: Preflight | None = None
    digest: str = ""
    covered: frozenset[str] = frozenset()
    overrides: list[Override] = field(default_factory=list)

    @property
    def current(self) -> bool:
        """Whether the findings are about what the issue says now."""
        return self.row is not None and self.row.digest == self.digest

    @property
    def running(self) -> bool:
        """Whether somebody is at it, or about to be."""
        return self.row is not None and not self.row.is_done

    @cached_property
    def blockers(self) -> list[Finding]:
        """Those that stop approval: not overridden."""
        return [one for one in self.findings if one.level == "blocker" and one.key not in self.covered]

    @cached_property
    def overridden(self) -> list[Finding]:
        """Those that somebody has overridden."""
        return [one for one in self.findings if one.level == "blocker" and one.key in self.covered]

    @property
    def summary(self) -> str:
        """`2 blockers, 1 warning`; empty if there is nothing to say."""
        return summary([*self.blockers, *(one for one in self.findings if one.level != "blocker")])

    @property
    def grouped(self) -> list[tuple[str, list[tuple[str, list[Finding]]]]]:
        """What is not overridden, by level and then by group."""
        shown = [one for one in self.findings if one.key not in self.covered or one.level != "blocker"]
        found = [(level, [one for one in shown if one.level == level]) for level in LEVELS]
        return [(level, _by_group(some)) for level, some in found if some]


def _by_group(found: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    some = list(found)
    parts = [(group, [one for one in some if CODES[one.code].group == group]) for group in GROUPS]
    return [(group, inside) for group, inside in parts if inside]


def standing(issue: Issue, config: Config, key: str, now: datetime) -> Standing:
    """How it stands with an issue, by what is kept; nothing is looked at anew but which content it has."""
    try:
        proof = pull(issue, config, key, now)
    except RenderError as error:
        return Standing(issue, graded([unrendered(error)], checks_of(config, issue.newsletter)))
    row = issue.preflights.filter(digest=proof.digest).first()
    if row is None or (row.is_done and row.checked_at is None):  # approved, and never looked at
        row = issue.preflights.exclude(checked_at=None).first()
    overrides = list(issue.overrides.filter(digest=proof.digest))
    covered = frozenset(key for one in overrides for key in one.blockers)
    return Standing(issue, kept(row, config, issue.newsletter, now), row, proof.digest, covered, overrides)


def kept(row: Preflight | None, config: Config, newsletter: str, now: datetime) -> list[Finding]:
    """What a row says, with what is known of its links now; codes that are no more are left out."""
    if row is None or row.checked_at is None:
        return []
    wanted = [links.Wanted(*one) for one in row.links]
    found = [Finding.of(one) for one in (*row.findings, *row.outside) if one["code"] in CODES]
    found += links.findings(wanted, config.compose.preflight, now)
    return graded(found, checks_of(config, newsletter))
