"""`newsletter lists` and `subscribers`: who may be written to."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, done, problem, quoted, show, show_one
from newsletter.cli.options import config_option, facts_option

from django.db.models import Count, Q  # isort: skip

from subscribers.addresses import normalize
from subscribers.importing import import_file
from subscribers.models import List, Subscriber, Suppression


@command()
@facts_option
def lists(as_json: bool) -> None:
    """Show the lists and how many people are on them."""
    counted = List.objects.annotate(
        active=Count("subscriptions", Q(subscriptions__status="active")),
        gone=Count("subscriptions", Q(subscriptions__status="unsubscribed")),
    )
    rows = [{"list": one.name, "title": one.title, "active": one.active, "unsubscribed": one.gone} for one in counted]
    show(rows, as_json, "No lists yet; `newsletter migrate` makes those that config.yaml names.")


@click.group()
@config_option
def subscribers() -> None:
    """Import and look up people."""


@command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--list", "name", required=True, help="The list they join.")
@facts_option
def import_people(file: Path, name: str, as_json: bool) -> None:
    """Subscribe the people in a CSV file.

    Its first line names the columns: `email` and, if you like, `name`; any other is a field that mails may show and ask
    about. Doing it again adds nobody twice, and nobody who has unsubscribed is brought back.
    """
    to = List.objects.filter(name=name).first()
    if to is None:
        known = ", ".join(List.objects.values_list("name", flat=True)) or "none yet"
        raise Failure(
            f"there is no list '{name}'; there are: {known}. Add it to a newsletter and run `newsletter migrate`"
        )
    report = import_file(file, to, context().clock())
    refused = [vars(row) for row in report.refused]
    if as_json:
        show_one({**vars(report), "refused": refused}, True)
        return
    done(
        f"{report.added} added, {report.unchanged} on the list before, "
        f"{report.stayed_unsubscribed} stay unsubscribed, {len(refused)} refused"
    )
    if report.fields_changed:
        done(f"{report.fields_changed} were there before, and have other fields now")
    for row in report.refused:
        problem(f"line {row.line}: {quoted(row.text)}refused: {row.reason}")


@command(name="show")
@click.argument("email")
@facts_option
def show_person(email: str, as_json: bool) -> None:
    """Show one person: lists, suppression, messages."""
    _, key = normalize(email)
    person = Subscriber.objects.filter(key=key).first()
    if person is None:
        raise Failure(f"nobody here has the address {email}")
    suppression = Suppression.objects.filter(key=key).first()
    show_one(
        {
            "email": person.email,
            "name": person.name,
            "fields": person.fields,
            "since": person.created_at,
            "lists": {one.list.name: one.status for one in person.subscriptions.select_related("list")},
            "suppressed": suppression.reason if suppression else "",
            "messages": person.messages.count(),
        },
        as_json,
    )


subscribers.add_command(import_people)
subscribers.add_command(show_person)
