"""`newsletter migrate` and `staff`, and what a publication lacks before it can run."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, counted, done, out, problem, quoted

from django.db import DatabaseError, connection  # isort: skip
from django.db.migrations.executor import MigrationExecutor  # isort: skip

from newsletter import publication
from newsletter.config import Config, Problem
from subscribers.models import List

UNREACHABLE = "database.url"
"""The key of a problem that lies with the database itself, and not with what is in it."""


@command()
def migrate() -> None:
    """Bring the database up to date, and make the lists that config.yaml names.

    A list that is new and has a seed file gets the people in it. Doing it again changes nothing.
    """
    publication.migrate()
    done(f"the database is up to date ({connection.vendor})")
    seed()


@command()
@click.argument("name")
def staff(name: str) -> None:
    """Give a member of staff a new password, or make a new member.

    The password is made here and printed once.
    """
    password = publication.reset_password(name)
    out.print(f"user {name}, password {password}", markup=False)


def seed() -> None:
    """Make the lists, and say what their seed files brought."""
    ctx = context()
    for name, report in publication.seed_lists(ctx.config, ctx.clock()).items():
        people = counted(report.added, "person", "people")
        refusals = report.refusals
        refused = f", {len(refusals)} refused" if refusals else ""
        done(f"list {name}: {people} added from its seed file{refused}")
        for row in refusals:
            problem(f"list {name}, line {row.line}: {quoted(row.text)}refused: {row.reason}")


def unprepared(config: Config) -> list[Problem]:
    """What the database lacks, and seed files that are still to be read and are not there."""
    lack = lacking()
    return [lack] if lack else list(_missing_seeds(config))


def insist_on_database() -> None:
    """Raise Failure unless the database is there and up to date: a process that stays up would only repeat it."""
    if lack := lacking():
        raise Failure(f"{lack.reason} ({lack.hint})" if lack.hint else lack.reason)


def insist_on_tables() -> None:
    """Raise Failure if the database lacks migrations. One that does not answer may be there later, and links do now."""
    lack = lacking()
    if lack and lack.key == UNREACHABLE:
        problem(f"{lack.reason}; until it can, nothing but links and images of mails is answered as it should be")
    elif lack:
        insist_on_database()


def unreachable() -> bool:
    """Whether the database does not answer."""
    lack = lacking()
    return bool(lack and lack.key == UNREACHABLE)


def wait_for_database() -> None:
    """Wait until the database can be used, whether or not it is up to date."""
    while unreachable():
        connection.close()
        time.sleep(2)


def lacking() -> Problem | None:
    """What keeps the database from being used, if anything does."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Problem(UNREACHABLE, f"the database cannot be used: {' '.join(str(error).split())}")
    if waiting:
        return Problem(
            "database", f"the database lacks {counted(len(waiting), 'migration')}", hint="run `newsletter migrate`"
        )
    return None


def _missing_seeds(config: Config) -> Iterator[Problem]:
    seeded = set(List.objects.exclude(seeded_at=None).values_list("name", flat=True))
    for name, letter in config.newsletters.items():
        for index, ref in enumerate(letter.lists):
            if ref.seed and ref.name not in seeded and not config.path(ref.seed).is_file():
                yield Problem(f"newsletters.{name}.lists.{index}.seed", f"there is no file {config.path(ref.seed)}")
