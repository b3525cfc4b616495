"""`newsletter check`, `migrate` and `staff`: the publication as a whole."""

from __future__ import annotations

import sys

import click

from newsletter.cli.boot import context
from newsletter.cli.console import command, done, facts_option, out, problem, show

from django.db import DatabaseError, connection  # isort: skip
from django.db.migrations.executor import MigrationExecutor  # isort: skip

from newsletter import collect, publication, render, send
from newsletter.config import Config, Problem


@command()
@facts_option
def check(as_json: bool) -> None:
    """Look over everything, and report all that is wrong at once."""
    config = context().config
    found = [*_database(), *collect.check(config), *render.check(config), *send.check(config)]
    if as_json:
        show([{"key": one.key, "where": one.where, "reason": one.reason, "hint": one.hint} for one in found], True, "")
    else:
        for one in found:
            problem(str(one))
        if not found:
            done(_summary(config))
    sys.exit(1 if found else 0)


@command()
def migrate() -> None:
    """Bring the database up to date, and make the lists that config.yaml names."""
    publication.migrate()
    done(f"the database is up to date ({connection.vendor})")
    seed()


@command()
@click.argument("name")
def staff(name: str) -> None:
    """Give a member of staff a new password and print it; make the member if there is none of that name."""
    password = publication.reset_password(name)
    out.print(f"user {name}, password {password}", markup=False)


def seed() -> None:
    """Make the lists, and say what their seed files brought."""
    ctx = context()
    for name, report in publication.seed_lists(ctx.config, ctx.clock()).items():
        done(f"list {name}: {report.added} people added from its seed file")
        for row in report.refused:
            problem(f"list {name}, line {row.line}: “{row.text}” refused: {row.reason}")


def _database() -> list[Problem]:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return [Problem("database.url", f"the database cannot be used: {' '.join(str(error).split())}", "config.yaml")]
    if waiting:
        return [Problem("", f"the database lacks {len(waiting)} migrations", "database", "run `newsletter migrate`")]
    return []


def _summary(config: Config) -> str:
    ways = sorted({config.transport_of(name) for name in config.newsletters} or {config.send.transport})
    return (
        f"{config.site.name}: {len(config.newsletters)} newsletters, {len(config.collect.sources)} sources, "
        f"{connection.vendor}, transport {', '.join(ways)}: nothing is wrong"
    )
