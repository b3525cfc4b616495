"""`newsletter lists` and `subscribers`: who may be written to."""

from __future__ import annotations

import click

from newsletter.cli import boot  # noqa: F401 - Django must be up before anything that has tables
from newsletter.cli.console import Failure, command, show, show_one
from newsletter.cli.importing import export, import_people, imports
from newsletter.cli.options import config_option, facts_option
from newsletter.cli.own_data import data, erase_person

from django.db.models import Count, Q  # isort: skip

from newsletter.cli.sunset import sunset  # isort: skip
from subscribers.addresses import normalize
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
    """Import, export and look up people."""


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
            "fields": dict(sorted(person.fields.items())),
            "since": person.created_at,
            "lists": {one.list.name: one.status for one in person.subscriptions.select_related("list")},
            "suppressed": (suppression.reason or suppression.kind) if suppression else "",
            "messages": person.messages.count(),
        },
        as_json,
    )


for one in (import_people, imports, export, show_person, data, erase_person, sunset):
    subscribers.add_command(one)
