"""`newsletter trial`: an issue's A/B test, made, shown and decided on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import Failure, command, done, out, show, show_one
from newsletter.cli.options import facts_option
from newsletter.config.values import Duration

from pydantic import TypeAdapter, ValidationError  # isort: skip

from newsletter import pipeline  # isort: skip
from newsletter.models import Issue, Trial
from newsletter.models import trial as trials
from newsletter.models.counting import by_state
from newsletter.models.editing import editing
from newsletter.models.trial import FIELDS, LETTERS
from newsletter.track.report.variants import standings_of


@command(name="trial")
@click.argument("issue")
@click.option("--variant", type=click.Choice(list(LETTERS[1:])), help="Write this variant; made if there is none.")
@click.option("--subject", help="Its subject.")
@click.option("--preheader", help="Its preheader.")
@click.option("--sender-name", help="Its sender's name.")
@click.option("--opening", "opening_file", type=click.File("r", encoding="utf-8"), metavar="FILE",
              help="A file with its opening letter, in Markdown; - reads standard input.")  # fmt: skip
@click.option("--drop", type=click.Choice(list(LETTERS[1:])), help="Take this variant out.")
@click.option("--share", type=click.IntRange(1, 100), metavar="PERCENT",
              help="The part of the audience that gets the variants.")  # fmt: skip
@click.option("--measure", type=click.Choice(Trial.Measure.values), help="What finds the winner, without machines.")
@click.option("--wait", metavar="SPAN", help="How long it is waited, such as 90m or 4h.")
@click.option("--way", type=click.Choice(["automatic", "by-hand"]), help="Who says which has won.")
@click.option("--choose", type=click.Choice(list(LETTERS)), help="Send this one to the rest, at once.")
@click.option("--remove", is_flag=True, help="Take the whole test away.")
@facts_option
def trial(
    issue: str, choose: str | None, remove: bool, as_json: bool, opening_file: Any, **given: str | int | None
) -> None:
    """Make, change, show or decide the A/B test of an issue.

    Without options it is shown: its plan and variants, and once they have gone out, how they stand. What a variant says
    of subject, preheader, sender's name or opening letter differs from then on; what it does not say is as in the
    issue. Any change voids an approval.
    """
    chosen = issue_named(issue)
    words = {name: given[name] for name in FIELDS if given.get(name) is not None}
    if opening_file is not None:
        words["opening"] = opening_file.read().strip()
    plan = {name: given[name] for name in ("share", "measure", "wait", "way") if given.get(name) is not None}
    if words and not given["variant"]:
        raise click.UsageError("name the variant that says this: --variant b")
    if choose:
        _choose(chosen, choose)
    elif remove or words or plan or given["variant"] or given["drop"]:
        _change(chosen, lambda state: None if remove else _changed(state, given, words, plan))
    _show(chosen, as_json)


def _choose(issue: Issue, letter: str) -> None:
    found = Trial.of(issue)
    if found is None:
        raise Failure(f"{issue} has no A/B test")
    if not pipeline.choose_variant(context(), found, letter):
        found.refresh_from_db()
        raise Failure(f"it is decided already: variant {found.winner.upper()} has won")


def _change(issue: Issue, change: Any) -> None:
    with editing(issue.pk, None, context().clock()) as edit:
        trials.put(edit.issue, change(trials.state_of(edit.issue)))
    issue.refresh_from_db()
    if edit.voided:
        done(f"the approval of {issue} is void, because it was edited")


def _changed(
    state: dict[str, Any] | None, given: Mapping[str, Any], words: Mapping[str, Any], plan: Mapping[str, Any]
) -> dict[str, Any]:
    """The state as these options make it."""
    state = state or trials.begun(())
    variants = dict(state["variants"])
    if letter := given["variant"]:
        before = variants.get(letter, dict.fromkeys(FIELDS, ""))
        variants[letter] = {**before, **words}
    variants.pop(given["drop"], None)
    told = {name: value for name, value in plan.items() if name != "wait"}
    if "way" in told:
        told["way"] = told["way"].replace("-", "_")
    if "wait" in plan:
        told["wait"] = _seconds(plan["wait"])
    used = [name for name in FIELDS if any(said[name] for said in variants.values())]
    return {**state, **told, "variants": dict(sorted(variants.items())), "varies": used or state["varies"]}


def _seconds(span: str) -> int:
    try:
        return round(TypeAdapter(Duration).validate_python(span).total_seconds())
    except ValidationError:
        raise Failure(f"'{span}' is no time span; write it as 90m, 4h or 1d") from None


def _show(issue: Issue, as_json: bool) -> None:
    found = Trial.of(issue)
    if found is None:
        if as_json:
            show_one({}, True)
        else:
            done(f"{issue} has no A/B test (`newsletter trial {issue} --variant b --subject …` makes one)")
        return
    told = standings_of(issue, sum(by_state(issue).values()))
    facts = {
        "issue": str(issue), "varies": found.varies, "share": found.share, "measure": found.measure,
        "wait": str(found.wait), "way": found.way, "ends_at": found.ends_at, "winner": found.winner,
        "decided_at": found.decided_at, "confidence": found.confidence, "words": found.words,
        "faults": [] if issue.started_at else found.faults(),
    }  # fmt: skip
    said = [{"variant": letter, **found.said(letter)} for letter in found.letters]
    stands = told.facts if told else []
    if as_json:
        show_one({**facts, "variants": said, "standings": stands}, True)
        return
    show_one({name: value for name, value in facts.items() if value not in ("", None, [])}, False)
    for rows in (said, stands):
        if rows:
            out.print()
            show(rows, False, "")
