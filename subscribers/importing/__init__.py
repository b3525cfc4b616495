"""Bringing people in from files. This is the front door: take a file, look at it, start; a job carries it on.

    job = take(upload, "people.csv", by="ada", origin=Origin.DESK, limit=500_000_000)
    look(job)                      what the mapping page shows
    job.list, job.mapping = …      a list of meanings.Entry, one for each column; the guess if it is left empty
    start(job, now)                from here on `carry_on` finds it

`Import.counts` says how many rows came to what (`OUTCOMES`, which add up to `rows_done`), and under `cells` how many
cells did not fit; `Import.refusals` has the reasons. What an import brought is taken back with `undo`, which `carry_on`
then does piece by piece too; `Undone` says how far that is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import IO, Any

from django.db.models import Exists, OuterRef

from subscribers.importing import mapping, running, undoing
from subscribers.importing.deciding import OUTCOMES
from subscribers.importing.encodings import IN_WORDS
from subscribers.importing.finding import find_out
from subscribers.importing.layout import Layout
from subscribers.importing.meanings import MEANINGS, SUPPRESSION_MEANINGS, Entry
from subscribers.importing.pieces import store
from subscribers.importing.programs import recognised, title_of
from subscribers.importing.refused import ImportRefused
from subscribers.importing.running import under_way
from subscribers.importing.undoing import Undone, may_undo, undo
from subscribers.models import Import, List, Origin, Refusal, Upload

__all__ = [
    "MEANINGS", "OUTCOMES", "SUPPRESSION_MEANINGS", "Column", "Entry", "ImportRefused", "Look", "Report", "Undone",
    "cancel", "carry_on", "forget", "import_file", "look", "may_undo", "resume", "start", "take", "under_way", "undo",
]  # fmt: skip

LARGEST = 500_000_000
"""Bytes of a file where nobody says otherwise."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_Status = Import.Status
_STARTABLE = (_Status.UPLOADED, _Status.CANCELLED, _Status.FAILED)


@dataclass(frozen=True)
class Column:
    """A column of a file: its header, the first values in it, and what it probably is."""

    header: str
    samples: tuple[str, ...]
    guess: Entry


@dataclass(frozen=True)
class Look:
    """What a file turned out to be, in words where people read them; `rows` is counted by lines, so at most."""

    format: str
    delimiter: str
    encoding: str
    header: bool
    rows: int | None
    columns: tuple[Column, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What became of an import; `outcomes` has a number for each of OUTCOMES."""

    job: Import
    outcomes: Mapping[str, int]
    cells: int

    @property
    def added(self) -> int:
        """People who are on the list now and were not."""
        return self.outcomes["added"]

    @property
    def refused(self) -> int:
        """Rows that could not be taken, whatever the reason."""
        return self.outcomes["refused"]

    @property
    def refusals(self) -> list[Refusal]:
        """Every row, or cell, that was not taken, in the order of the file."""
        return list(self.job.refusals.order_by("line", "pk"))

    @classmethod
    def of(cls, job: Import) -> Report:
        """The report of an import as far as it has come."""
        return cls(job, {name: job.counts.get(name, 0) for name in OUTCOMES}, job.counts.get("cells", 0))


def take(
    source: Path | IO[bytes], name: str, by: str, origin: Origin, limit: int = LARGEST,
    kind: Import.Kind = Import.Kind.PEOPLE,
) -> Import:  # fmt: skip
    """Put a file into the database, and find out what it is; nothing is imported yet.

    `limit` is the most bytes of it, also once it is unpacked. Raises ImportRefused, and then nothing stays.
    """
    job = Import.objects.create(kind=kind, file_name=_bare(name), by=by[:150], source=origin)
    try:
        job.size = _stored(job, source, limit)
        if not job.size:
            raise ImportRefused("the file is empty")
        layout = find_out(job, limit)
    except BaseException as error:
        job.delete()
        if isinstance(error, ImportRefused):
            raise ImportRefused(f"{job.file_name}: {error}") from None
        raise
    job.layout, job.rows_total = layout.kept(), layout.rows
    program = recognised(mapping.slugs(layout)) if kind == Import.Kind.PEOPLE else None
    job.format = program.name if program else layout.shape
    job.save()
    return job


def _bare(name: str) -> str:
    """A file's name without folders or control characters, as browsers may send them."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in bare if one.isprintable())[-200:] or "file"


def _stored(job: Import, source: Path | IO[bytes], limit: int) -> int:
    if not isinstance(source, Path):
        return store(job, source, limit)
    try:
        with source.open("rb") as file:
            return store(job, file, limit)
    except OSError as error:
        raise ImportRefused(f"this cannot be read: {error.strerror}") from None


def look(job: Import) -> Look:
    """What the file is, and what its columns probably are."""
    layout = Layout.of(job)
    first = layout.parts[0]
    guesses = mapping.guessed(job, layout)
    columns = zip(layout.columns, layout.samples, guesses, strict=True)
    text = layout.shape != "xlsx"
    return Look(
        format=_in_words(job, layout, first.delimiter),
        delimiter=_DELIMITERS[first.delimiter] if text else "",
        encoding=IN_WORDS[first.encoding] if text else "",
        header=first.header,
        rows=max((layout.rows or 0) - len([part for part in layout.parts if part.header]), 0) if text else None,
        columns=tuple(Column(header, tuple(samples), entry) for header, samples, entry in columns),
        warnings=(*layout.warnings, *mapping.warnings(guesses, layout)),
    )


def _in_words(job: Import, layout: Layout, delimiter: str) -> str:
    plain = "Excel workbook" if layout.shape == "xlsx" else "TSV" if delimiter == "\t" else "CSV"
    packed = f"{plain} in a zip file" if layout.shape == "zip" else plain
    title = title_of(job.format)
    return f"{title} export ({packed})" if title else packed


def start(job: Import, now: datetime) -> None:
    """Let an import begin as the row now says, also if that is not saved yet; after a dry run it begins anew.

    One that was cancelled or has failed goes on where it stopped. Raises ImportRefused, saying what to change.
    """
    layout = Layout.of(job)
    if job.kind == Import.Kind.PEOPLE and job.list is None:
        raise ImportRefused("say which list these people join")
    if job.list and job.list.going:
        raise ImportRefused("the list that these people were to join is being deleted")
    decided = mapping.of(job, layout)
    mapping.check(decided, layout, job.kind)
    before = Import.objects.get(pk=job.pk)
    tried = before.status == _Status.DONE and before.dry_run
    if not tried and before.status not in _STARTABLE:
        raise ImportRefused(f"{job.file_name} is {before.get_status_display().lower()} already")
    anew: dict[str, Any] = {}
    if tried or before.dry_run != job.dry_run:
        running.clear(job, pieces=False)
        job.refusals.all().delete()
        anew = {"rows_done": 0, "counts": {}, "started_at": None}
    started = Import.objects.filter(pk=job.pk, status=before.status).update(
        status=_Status.READY, mapping=decided, list=job.list, tags=job.tags, merge=job.merge, basis=job.basis,
        restore=job.restore, dry_run=job.dry_run, reason="", finished_at=None, claim=None, lease_until=None, **anew,
    )  # fmt: skip
    job.refresh_from_db()
    if not started:
        raise ImportRefused(f"{job.file_name} is {job.get_status_display().lower()} already")


def cancel(job: Import, now: datetime) -> bool:
    """Stop an import after the rows that are in, which stay; say whether it had not ended."""
    open_ = (_Status.UPLOADED, _Status.READY, _Status.RUNNING)
    stopped = Import.objects.filter(pk=job.pk, status__in=open_).update(
        status=_Status.CANCELLED, finished_at=now, claim=None, lease_until=None
    )
    job.refresh_from_db()
    return bool(stopped)


def carry_on(stop: Event, clock: Callable[[], datetime]) -> bool:
    """Take the next import and work on it until it is done, or `stop` is set; say whether there was one."""
    job = running.claim(clock())
    if job:
        _work_on(job, stop, clock)
    return job is not None


def resume(job: Import, stop: Event, clock: Callable[[], datetime]) -> bool:
    """Work on this import, or its undoing, here and now, though another process may have been at it.

    Say whether it was open.
    """
    mine = running.claim(clock(), only=job.pk)
    if mine:
        _work_on(mine, stop, clock)
    job.refresh_from_db()
    return mine is not None


def _work_on(job: Import, stop: Event, clock: Callable[[], datetime]) -> None:
    (undoing if job.status == _Status.UNDOING else running).work_on(job, stop, clock)


def import_file(path: Path, to: List, now: datetime, origin: Origin = Origin.SEED, **wishes: Any) -> Report:
    """Import a file here and now, as the job would; `wishes` are columns of Import, such as `merge`.

    Raises ImportRefused if the file as a whole cannot be read.
    """
    job = take(path, path.name, "", origin)
    for name, value in {"list": to, **wishes}.items():
        setattr(job, name, value)
    try:
        start(job, now)
    except ImportRefused:
        job.delete()
        raise
    resume(job, Event(), lambda: now)
    if job.status == _Status.FAILED:
        raise ImportRefused(job.reason)
    return Report.of(job)


def forget(before: datetime) -> None:
    """Drop the reports and files of imports that ended before then, and uploads that nobody went on with."""
    of = {"of": OuterRef("pk")}
    kept = Exists(Upload.objects.filter(**of)) | Exists(Refusal.objects.filter(**of))
    for job in Import.objects.filter(kept, finished_at__lt=before):
        running.clear(job, pieces=True)
        job.refusals.all().delete()
    Import.objects.filter(status=_Status.UPLOADED, created_at__lt=before).delete()
