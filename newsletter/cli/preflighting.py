"""`newsletter preflight`: an issue looked over from the terminal, links and all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import command, done, out, show_one
from newsletter.cli.options import facts_option

from newsletter import preflight as checks  # isort: skip
from newsletter.models import Issue, Override, Preflight
from newsletter.pipeline import Context
from newsletter.preflight.findings import checks_of
from newsletter.preflight.standing import kept

_MARKS = {"blocker": "[bold red]✗[/]", "warning": "[yellow]![/]", "note": "[blue]·[/]"}


@command()
@click.argument("issue")
@click.option("--offline", is_flag=True, help="Ask nobody else: links count as they were found last.")
@facts_option
def preflight(issue: str, offline: bool, as_json: bool) -> None:
    """Look an issue over before it is approved: words, links, sender, audience.

    Exit 1 if there are blockers that nobody has overridden: approval would be refused. What is found is kept, and shown
    at the desk; with --offline nothing is.
    """
    ctx, chosen = context(), issue_named(issue)
    proof = checks.pull(chosen, ctx.config, ctx.key, ctx.clock())
    found = _offline(ctx, proof) if offline else _online(ctx, chosen, proof)
    covered = Override.covered(chosen, proof.digest)
    blocked = [one for one in found if one.level == "blocker" and one.key not in covered]
    if as_json:
        show_one(_facts(chosen, proof, found, covered), True)
    else:
        _print(chosen, found, covered)
    sys.exit(1 if blocked else 0)


def _offline(ctx: Context, proof: checks.Proof) -> list[checks.Finding]:
    return checks.graded(checks.offline(proof), checks_of(ctx.config, proof.issue.newsletter))


def _online(ctx: Context, issue: Issue, proof: checks.Proof) -> list[checks.Finding]:
    row = Preflight.want(issue, proof.digest, ctx.clock())
    # Whoever else is at it finds the same; nobody waits for a process that may be far away, or dead.
    checks.complete(row, proof, ctx.clock)
    return kept(row, ctx.config, issue.newsletter, ctx.clock())


def _facts(
    issue: Issue, proof: checks.Proof, found: Sequence[checks.Finding], covered: set[str]
) -> dict[str, Any]:  # fmt: skip
    told = [{**one.facts(), "overridden": one.level == "blocker" and one.key in covered} for one in found]
    return {"issue": str(issue), "id": issue.pk, "digest": proof.digest, "findings": told}


def _print(issue: Issue, found: Sequence[checks.Finding], covered: set[str]) -> None:
    for one in found:
        over = " (overridden)" if one.level == "blocker" and one.key in covered else ""
        out.print(_MARKS[one.level or "note"], end=" ")
        out.print(f"{one}{over}", markup=False, soft_wrap=True)
        out.print(f"    {one.do} [{one.code}]", markup=False, soft_wrap=True)
    left = [one for one in found if one.level != "blocker" or one.key not in covered]
    if found:
        out.print(f"{issue}: {checks.summary(left) or 'all blockers are overridden'}", markup=False, soft_wrap=True)
    else:
        done(f"{issue}: nothing was found")
