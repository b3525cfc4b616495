"""What is kept of a person, table by table. Whoever adds a table says here what it holds of people, or that it holds
nothing of them; a test goes through all tables and asks.

The audience's own tables are below. The pipeline, of which nothing is known here, adds its own: newsletter/own_data.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from subscribers.models import (
    Bulk,
    Consent,
    Field,
    Import,
    List,
    Occasion,
    Refusal,
    Seen,
    Segment,
    Subscriber,
    Subscription,
    Suppression,
    Tag,
    Tagging,
    Touched,
    Upload,
    fingerprints,
)
from subscribers.traces import Person, mentions, scrub

Facts = dict[str, object]
Rows = QuerySet[Any]


@dataclass(frozen=True)
class Erasure:
    """One erasure: of whom, on what occasion, and the titles of the tables from which the person leaves their words."""

    person: Person
    occasion: Occasion
    keep: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Table:
    """What one table keeps of people.

    `rows` are a person's, `facts` is what their copy says of one, `erase` what becomes of them besides going with the
    person's own row; `hashed` are rows in which only the fingerprint of an erased address is left.
    """

    title: str
    rows: Callable[[Person], Rows]
    facts: Callable[[Any], Facts]
    erase: Callable[[Erasure, Rows], object] = lambda erasure, rows: None
    hashed: Callable[[Person], Rows] | None = None
    first: bool = False
    """Whether it must be asked while the rows of the others are still there."""


KEPT: dict[type[Model], Table] = {}
"""The tables that keep something of people."""

FREE: dict[str, str] = {}
"""The tables, or whole applications, that keep nothing of anybody in the audience, each with the reason."""


def everything(person: Person) -> dict[str, list[Facts]]:
    """All that is kept of a person, by table; each row as plain facts."""
    return {table.title: [table.facts(row) for row in _all(table, person)] for table in KEPT.values() if table.title}


def holdings(person: Person) -> dict[str, int]:
    """How many rows each table keeps of a person by name or address; tables that keep none are left out."""
    counted = {table.title: table.rows(person).count() for table in KEPT.values()}
    return {title: count for title, count in counted.items() if count}


def by(staff: str) -> str:
    """Who did it, for the person's own copy: which member of staff is not theirs to know."""
    return "staff" if staff else ""


def mentioned(model: type[Model], title: str) -> Table:
    """A table that is not about people, but whose texts might name one."""
    return Table(title, lambda person: mentions(model, person), lambda row: {"in": str(row)}, _scrub)


def _all(table: Table, person: Person) -> list[Any]:
    return [*table.rows(person), *(table.hashed(person) if table.hashed else ())]


def _scrub(erasure: Erasure, rows: Rows) -> None:
    scrub(rows, erasure.person.address_and_name())


def _consents_erased(erasure: Erasure, rows: Rows) -> None:
    _scrub(erasure, rows)
    rows.update(hash=erasure.person.hash, network="")


def _suppression_erased(erasure: Erasure, rows: Rows) -> None:
    rows.update(key=None)
    _scrub(erasure, Suppression.objects.filter(hash=erasure.person.hash))


def _refusals_erased(erasure: Erasure, rows: Rows) -> None:
    _scrub(erasure, rows)
    rows.update(text="")


def _uploads_erased(erasure: Erasure, rows: Rows) -> None:
    """A file that has served is dropped whole, whoever is in it."""
    served = (Import.Status.DONE, Import.Status.CANCELLED, Import.Status.UNDOING, Import.Status.UNDONE)
    Upload.objects.filter(of__status__in=served).delete()


def _person(person: Subscriber) -> Facts:
    return {
        "address": person.email, "name": person.name, "fields": person.fields, "language": person.language,
        "time_zone": person.time_zone, "status": person.get_status_display(), "since": person.created_at,
        "paused_until": person.paused_until, "asked_whether_to_stay": person.asked_at,
        "last_opened": person.opened_at, "last_clicked": person.clicked_at, "reading_not_kept": person.untracked,
        "kind_of_address": person.flag, "import": person.import_number,
    }  # fmt: skip


def _subscription(one: Subscription) -> Facts:
    return {
        "list": str(one.list), "status": one.get_status_display(), "since": one.changed_at, "joined": one.joined_at,
        "how": one.how, "source": one.get_source_display(), "issue": one.issue, "your_reason": one.reason,
        "frequency": one.get_frequency_display(), "topics_left_out": one.without, "import": one.import_number,
    }  # fmt: skip


def _consent(one: Consent) -> Facts:
    return {
        "at": one.at, "what": one.get_action_display(), "list": one.list_name, "how": one.note,
        "source": one.get_source_display(), "by": by(one.by), "network": one.network, "form": one.form,
        "what_you_were_told": one.wording.text if one.wording else "", "issue": one.issue,
    }  # fmt: skip


def _suppression(one: Suppression) -> Facts:
    return {
        "why": one.get_kind_display(), "reason": one.reason, "since": one.created_at, "address": one.key or "",
        "fingerprint": one.hash,
    }  # fmt: skip


KEPT |= {
    Subscriber: Table("person", lambda who: Subscriber.objects.filter(pk=who.number), _person),
    Tagging: Table(
        "tags",
        lambda who: Tagging.objects.filter(subscriber=who.number).select_related("tag"),
        lambda one: {"tag": str(one.tag)},
    ),
    Subscription: Table(
        "subscriptions",
        lambda who: Subscription.objects.filter(subscriber=who.number).select_related("list").order_by("pk"),
        _subscription,
    ),
    Consent: Table(
        "consents",
        lambda who: Consent.objects.filter(subscriber=who.number).select_related("wording").order_by("at", "pk"),
        _consent,
        _consents_erased,
        hashed=lambda who: Consent.objects.filter(hash=who.hash).select_related("wording").order_by("at", "pk"),
    ),
    Suppression: Table(
        "suppressions",
        lambda who: Suppression.objects.filter(key=who.key),
        _suppression,
        _suppression_erased,
        hashed=lambda who: Suppression.objects.filter(hash__in=fingerprints(who.key), key=None),
    ),
    Refusal: Table(
        "refused_rows",
        lambda who: mentions(Refusal, who).select_related("of"),
        lambda one: {"file": one.of.file_name, "line": one.line, "text": one.text, "reason": one.reason},
        _refusals_erased,
    ),
    Seen: Table(
        "marks_of_imports",
        lambda who: Seen.objects.filter(mark=int(who.hash[:15], 16)),
        lambda one: {"import": one.of_id},
        lambda erasure, rows: rows.delete(),
    ),
    Touched: Table(
        "bulk_changes",
        lambda who: Touched.objects.filter(person=who.number).select_related("act"),
        lambda one: {"what": str(one.act), "at": one.act.created_at, "was": one.was},
        lambda erasure, rows: rows.delete(),
    ),
    Bulk: mentioned(Bulk, "bulk_changes_asked_for"),
    Upload: Table("", lambda who: Upload.objects.none(), lambda one: {}, _uploads_erased),
    Import: mentioned(Import, "imports"),
    Segment: mentioned(Segment, "segments"),
    List: mentioned(List, "lists"),
    Tag: mentioned(Tag, "tag_names"),
    Field: mentioned(Field, "field_names"),
}
FREE |= {
    "subscribers.Wording": "the words that everybody is shown",
    "subscribers.Tally": "numbers",
    "subscribers.Tallied": "how far the numbers have come",
}
