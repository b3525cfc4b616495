"""`newsletter suppressions`: the addresses that must not be written to, whatever the lists say."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, counted, done, problem, show
from newsletter.cli.importing import carry_on, write
from newsletter.cli.options import config_option, facts_option

from django.db import transaction  # isort: skip

from subscribers import exporting, importing
from subscribers.addresses import normalize
from subscribers.models import Consent, Import, Occasion, Origin, Subscriber, Suppression, fingerprints, hash_of


@click.group()
@config_option
def suppressions() -> None:
    """Show, add and lift addresses that must not be written to."""


@command(name="list")
@click.option("--kind", type=click.Choice(Suppression.Kind.values), help="Only those of one kind.")
@click.option("--limit", type=int, default=100, show_default=True, help="The latest so many.")
@facts_option
def list_(kind: str | None, limit: int, as_json: bool) -> None:
    """Show the latest suppressions."""
    found = Suppression.objects.filter(**({"kind": kind} if kind else {})).order_by("-created_at", "-pk")
    rows = [
        {
            "address": one.key,
            "hash": one.hash if as_json else f"{one.hash[:12]}…",
            "kind": one.kind,
            "reason": one.reason,
            "since": one.created_at,
        }
        for one in found[:limit]
    ]
    show(rows, as_json, "Nobody is suppressed.")


@command()
@click.argument("email")
@click.option("--reason", default="", help="In words, for whoever asks later.")
def add(email: str, reason: str) -> None:
    """Write to this address no more."""
    _, key = normalize(email)
    with transaction.atomic():
        _, new = Suppression.objects.get_or_create(
            hash=hash_of(key), defaults={"key": key, "kind": Suppression.Kind.MANUAL, "reason": reason[:200]}
        )
        if new:
            _note(Consent.Action.SUPPRESSED, key, reason or "suppressed by hand")
    done(f"{email} is {'suppressed' if new else 'suppressed already'}")


@command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Look at every row, and change nothing.")
@click.option("--refused", type=click.Path(path_type=Path, dir_okay=False), help="Write the refused rows here.")
@facts_option
def import_(file: Path, dry_run: bool, refused: Path | None, as_json: bool) -> None:
    """Bring in a suppression list: a column of addresses, or of their hashes (SHA-256, MD5); if you like, kind, reason.

    Exits 1 if any row was refused.
    """
    ctx = context()
    limit = ctx.config.audience.imports.max_bytes
    job = importing.take(file, file.name, "", Origin.COMMAND, limit, Import.Kind.SUPPRESSIONS)
    job.dry_run = dry_run
    try:
        importing.start(job, ctx.clock())
    except importing.ImportRefused:
        job.delete()
        raise
    for warning in importing.look(job).warnings:
        problem(warning)
    carry_on(ctx, job, refused, as_json)


@command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output if none."
)
def export(output: Path | None) -> None:
    """Write all suppressions as CSV, which `suppressions import` reads back."""
    write(exporting.suppressions(), output, "suppressions")


@command()
@click.argument("email")
@click.option("--reason", required=True, help="Why this address may be written to again; kept with the person.")
def lift(email: str, reason: str) -> None:
    """Let an address be written to again. Who is on no list any more stays so."""
    _, key = normalize(email)
    if not reason.strip():
        raise Failure("--reason must say why")
    with transaction.atomic():
        gone, _ = Suppression.objects.filter(hash__in=fingerprints(key)).delete()
        if not gone:
            raise Failure(f"{email} is not suppressed")
        people = _note(Consent.Action.RELEASED, key, reason)
    done(f"{email} may be written to again ({counted(people, 'person', 'people')} here)")


def _note(action: str, key: str, reason: str) -> int:
    here = list(Subscriber.objects.filter(key=key).values_list("pk", flat=True))
    Consent.note_all(action, Occasion(context().clock(), Origin.COMMAND, reason[:200]), here)
    return len(here)


for one in (list_, add, import_, export, lift):
    suppressions.add_command(one)
