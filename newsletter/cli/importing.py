"""`newsletter subscribers import`, `imports` and `export`: people from files, and back."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, counted, done, err, problem, quoted, show, show_one
from newsletter.cli.options import facts_option
from newsletter.pipeline import Context
from newsletter.service import stop_on_signals

from django.db import connections  # isort: skip
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # isort: skip

from subscribers import exporting, fields, importing, lookup
from subscribers.importing import MEANINGS, Entry, Report, Undone
from subscribers.models import Import, List, Occasion, Origin, Subscription

SHOWN = 20
"""Refused rows that the terminal shows; --refused writes all of them."""


@command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--list", "name", required=True, help="The list they join.")
@click.option(
    "--map", "maps", multiple=True, metavar="COLUMN=MEANING",
    help="What a column is: email, name, first_name, last_name, language, time_zone, joined_at, status, opted_out, "
    "unsubscribed_at, bounced_at, tags, attributes, skip; or a field, as `field:city` or `field:born:date`.",
)  # fmt: skip
@click.option(
    "--merge", type=click.Choice(Import.Merge.values), default=Import.Merge.FILL.value, show_default=True,
    help="Of people who are here already: keep what is known, fill in what is blank, or overwrite it.",
)  # fmt: skip
@click.option("--tag", "tags", multiple=True, help="A tag that all of them get; may be given again.")
@click.option("--basis", default="", help="How these people agreed to be written to; kept with each of them.")
@click.option("--restore", default="", metavar="REASON", help="Bring back who unsubscribed or bounced; why.")
@click.option("--dry-run", is_flag=True, help="Look at every row, and change nothing.")
@click.option(
    "--refused", "refused", type=click.Path(path_type=Path, dir_okay=False), help="Write the refused rows here."
)
@click.option("--background", is_flag=True, help="Leave it to the running program, and return at once.")
@facts_option
def import_people(
    file: Path, name: str, maps: tuple[str, ...], merge: str, tags: tuple[str, ...], basis: str, restore: str,
    dry_run: bool, refused: Path | None, background: bool, as_json: bool,
) -> None:  # fmt: skip
    """Subscribe the people in a file: CSV, TSV, an Excel workbook, one of these in a zip, or another program's export.

    Its first line names the columns: `email` and, if you like, `name`; what is not known by its name becomes a field
    that mails may show and ask about. Doing it again adds nobody twice, and nobody who has unsubscribed or is
    suppressed is brought back. Exits 1 if any row was refused. Ctrl-C stops after the rows that are in; see
    `subscribers imports`.
    """
    ctx = context()
    to = _list(name)
    job = importing.take(file, file.name, "", Origin.COMMAND, ctx.config.audience.imports.max_bytes)
    job.list, job.tags, job.merge, job.basis = to, list(tags), merge, basis[:300]
    job.restore, job.dry_run, job.mapping = restore[:300], dry_run, _mapping(job, maps)
    with _forgotten_if_refused(job):
        importing.start(job, ctx.clock())
    for warning in importing.look(job).warnings:
        problem(warning)
    if background:
        done(f"import {job.pk} waits for its turn; `newsletter subscribers imports` shows how far it is")
        return
    carry_on(ctx, job, refused, as_json)


@contextlib.contextmanager
def _forgotten_if_refused(job: Import):  # type: ignore[no-untyped-def]
    try:
        yield
    except importing.ImportRefused:
        job.delete()
        raise


def _list(name: str) -> List:
    found = List.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(List.objects.values_list("name", flat=True)) or "none yet"
        raise Failure(
            f"there is no list '{name}'; there are: {known}. Add it to a newsletter and run `newsletter migrate`"
        )
    return found


def _mapping(job: Import, maps: Iterable[str]) -> list[Entry]:
    """The guess, with what was said laid over it."""
    entries = [column.guess for column in importing.look(job).columns]
    for said in maps:
        header, equals, meaning = said.rpartition("=")
        places = [at for at, entry in enumerate(entries) if entry["header"].lower() == header.strip().lower()]
        if not equals or not places:
            known = ", ".join(entry["header"] for entry in entries)[:300]
            job.delete()
            raise Failure(f"--map {said}: write COLUMN=MEANING; the file's columns are: {known}")
        entries[places[0]] = _entry(entries[places[0]]["header"], meaning.strip(), said, job)
    return entries


def _entry(header: str, meaning: str, said: str, job: Import) -> Entry:
    what, _, more = meaning.partition(":")
    if what not in MEANINGS:
        job.delete()
        raise Failure(f"--map {said}: a column can be {', '.join(MEANINGS)}; a field as field:NAME or field:NAME:KIND")
    if what != "field":
        return {"header": header, "as": what}
    name, _, kind = more.partition(":")
    return {"header": header, "as": "field", "field": name or fields.slug(header), "kind": kind or "text"}


def carry_on(ctx: Context, job: Import, refused: Path | None, as_json: bool) -> None:
    """Work on an import in this process until it ends, and say what became of it."""
    _resume(ctx, job)
    if job.status == Import.Status.RUNNING:
        raise Failure(
            f"stopped after {counted(job.rows_done, 'row')}; the running program goes on with it, or "
            f"`newsletter subscribers imports --resume {job.pk}`, or --cancel {job.pk}"
        )
    lookup.mend()  # where nothing else runs, nobody else would
    if job.status != Import.Status.DONE:
        raise Failure(job.reason or f"import {job.pk} is {job.get_status_display().lower()}")
    _tell(Report.of(job), refused, as_json)


def take_back(ctx: Context, job: Import) -> None:
    """Undo an import in this process, or go on with that, and say what became of it."""
    if job.status != Import.Status.UNDOING:
        importing.undo(job, Occasion(ctx.clock(), Origin.COMMAND, f"import {job.pk} of {job.file_name} undone"))
    _resume(ctx, job)
    undone = Undone.of(job)
    if job.status != Import.Status.UNDONE:
        raise Failure(
            f"stopped after {undone.met} of {counted(undone.expected, 'person', 'people')}; the running program goes "
            f"on with it, or `newsletter subscribers imports --undo {job.pk}`"
        )
    done(
        f"import {job.pk} is undone: {counted(undone.taken_off, 'person', 'people')} taken off the list, "
        f"{undone.forgotten} of them forgotten; {undone.left_alone} left alone, where something was changed since"
    )


def _resume(ctx: Context, job: Import) -> None:
    stop_on_signals(ctx.stop)
    watcher = threading.Thread(target=_watch, args=(job.pk, over := threading.Event()), daemon=True)
    watcher.start()
    try:
        importing.resume(job, ctx.stop, ctx.clock)
    finally:
        over.set()
        watcher.join(5)


def _tell(report: Report, refused: Path | None, as_json: bool) -> None:
    told = {name.replace("_", " "): number for name, number in report.outcomes.items()}
    if refused:
        with refused.open("w", encoding="utf-8", newline="") as file:
            file.writelines(exporting.refusals(report.job))
    rows = list(report.job.refusals.order_by("line", "pk")[: None if as_json else SHOWN])
    if as_json:
        listed = [{"line": row.line, "text": row.text, "reason": row.reason} for row in rows]
        show_one({"import": report.job.pk, **report.outcomes, "cells": report.cells, "refusals": listed}, True)
    else:
        would = "would be " if report.job.dry_run else ""
        words = ", ".join(f"{number} {would}{name}" for name, number in told.items() if number) or "no rows"
        done(f"import {report.job.pk}: {words}")
        for row in rows:
            problem(f"line {row.line}: {quoted(row.text)}{row.reason}")
        total = report.job.refusals.count()
        if total > len(rows):
            hint = f"all are in {refused}" if refused else "--refused FILE writes all of them"
            problem(f"and {total - len(rows)} more; {hint}")
    if report.refused:
        raise Failure(f"{counted(report.refused, 'row')} refused")


@command()
@click.option("--resume", type=int, metavar="NUMBER", help="Go on with this one here and now.")
@click.option("--cancel", type=int, metavar="NUMBER", help="Stop this one; the rows that are in stay.")
@click.option("--undo", type=int, metavar="NUMBER", help="Take back whom this one added; broken off, it goes on.")
@facts_option
def imports(resume: int | None, cancel: int | None, undo: int | None, as_json: bool) -> None:
    """Show the imports, the latest first; or go on with one, stop it, or take it back."""
    ctx = context()
    if resume:
        job = _import(resume)
        if job.status in (Import.Status.CANCELLED, Import.Status.FAILED):
            importing.start(job, ctx.clock())
        elif job.status not in (Import.Status.READY, Import.Status.RUNNING):
            raise Failure(f"import {job.pk} is {job.get_status_display().lower()}; there is nothing to go on with")
        carry_on(ctx, job, None, as_json)
    elif cancel:
        job = _import(cancel)
        if not importing.cancel(job, ctx.clock()):
            raise Failure(f"import {job.pk} is {job.get_status_display().lower()} already")
        done(f"import {job.pk} is cancelled after {counted(job.rows_done, 'row')}, which stay")
    elif undo:
        take_back(ctx, _import(undo))
    else:
        show([_facts(job) for job in Import.objects.all()[:100]], as_json, "No imports yet.")


def _import(number: int) -> Import:
    found = Import.objects.filter(pk=number).first()
    if found is None:
        raise Failure(f"there is no import {number} (`newsletter subscribers imports` lists them)")
    return found


def _facts(job: Import) -> dict[str, object]:
    return {
        "import": job.pk, "file": job.file_name, "list": job.list.name if job.list else job.list_name or None,
        "status": f"{job.status} (dry run)" if job.dry_run else job.status,
        "rows": job.rows_done, "of": job.rows_total, "came to": job.counts, "begun": job.started_at,
    }  # fmt: skip


@command()
@click.option("--list", "name", default="", help="Only the people of this list; its status and day of joining then.")
@click.option("--status", type=click.Choice(Subscription.Status.values), help="Only those who are so on a list.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output if none."
)
def export(name: str, status: str | None, output: Path | None) -> None:
    """Write people as CSV, which `subscribers import` reads back.

    A cell that a spreadsheet would take for a formula has an apostrophe before it, which the import takes off again.
    """
    write(exporting.people(_list(name) if name else None, status or ""), output, "people")


def write(lines: Iterable[str], output: Path | None, what: str) -> None:
    """Write an export to a file, or to standard output."""
    if output is None:
        for line in lines:
            sys.stdout.write(line)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        number = sum(1 for line in lines if file.write(line)) - 1
    done(f"{output}: {counted(number, 'row')} of {what}")


# ── how far it is ────────────────────────────────────────────────────────────────────────────────────────────────────


def _watch(number: int, over: threading.Event) -> None:
    try:
        (_bar if err.is_terminal else _lines)(number, over)
    finally:
        connections.close_all()


def _bar(number: int, over: threading.Event) -> None:
    columns = TextColumn(f"import {number}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err) as progress:
        task = progress.add_task("", total=None)
        while not over.wait(0.5):
            _advance(progress, task, number)
        _advance(progress, task, number)


def _advance(progress: Progress, task: object, number: int) -> None:
    rows, total, _ = _far(number)
    progress.update(task, completed=rows, total=total)  # type: ignore[arg-type]


def _lines(number: int, over: threading.Event) -> None:
    last = 0
    while not over.wait(5):
        rows, total, what = _far(number)
        if rows != last:
            err.print(f"import {number}: {rows} of {total or '?'} {what}", markup=False)
        last = rows


def _far(number: int) -> tuple[int, int | None, str]:
    """How far it is, of how many, and of what: rows that come in, or people that are taken back."""
    job = Import.objects.get(pk=number)
    undone = Undone.of(job)
    taken_back = job.status in (Import.Status.UNDOING, Import.Status.UNDONE)
    return (undone.met, undone.expected, "people undone") if taken_back else (job.rows_done, job.rows_total, "rows")
