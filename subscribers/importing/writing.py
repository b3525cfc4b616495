"""Writing a chunk of people: a few statements for all of them, the same on both databases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils.dateparse import parse_datetime

from subscribers.importing.deciding import Held, Known, Verdict, decide
from subscribers.importing.people import Person, tag_name
from subscribers.importing.refused import ImportRefused
from subscribers.importing.staging import ask, do, drop, number, stage
from subscribers.models import (
    Consent,
    Import,
    List,
    Occasion,
    Origin,
    Refusal,
    Seen,
    Subscriber,
    Subscription,
    Suppression,
    Tag,
    Tagging,
    md5s_of,
)

_KNOWN = """
SELECT i.n, s.id, s.name, s.fields, s.language, s.time_zone, b.id, b.status, b.changed_at, b.import_number
FROM incoming i JOIN subscribers_subscriber s ON s.key = i.key
LEFT JOIN subscribers_subscription b ON b.subscriber_id = s.id AND b.list_id = %s ORDER BY s.id"""
_HELD = "SELECT i.n, p.id, p.kind, p.key IS NULL FROM incoming i JOIN subscribers_suppression p ON p.hash = i.hash"
_SEEN = "SELECT i.n FROM incoming i JOIN subscribers_seen t ON t.of_id = %s AND t.mark = i.mark"
# Whoever is new gets a number set aside beforehand, so that what is written after need not look it up. Where somebody
# else has that number all the same, the whole chunk must fail: their subscription would be written for a stranger.
_ADD_PEOPLE = """
INSERT INTO subscribers_subscriber
  (id, email, key, domain, name, fields, language, time_zone, status, flag, import_number, created_at)
SELECT id, email, key, domain, name, fields, language, time_zone, 'active', flag, %s, %s
FROM incoming ORDER BY key ON CONFLICT (key) DO NOTHING"""
_WHO_THEY_ARE = """
UPDATE incoming SET id = s.id FROM subscribers_subscriber s WHERE s.key = incoming.key AND s.id <> incoming.id"""
_ADD_SUBSCRIPTIONS = """
INSERT INTO subscribers_subscription
  (subscriber_id, list_id, status, changed_at, joined_at, how, source, issue, reason, frequency, without, import_number)
SELECT id, %s, wants, %s, CASE wants WHEN 'active' THEN COALESCE(joined_at, %s) END, %s, %s, '', '', 'every', '[]', %s
FROM incoming WHERE true ON CONFLICT (subscriber_id, list_id) DO NOTHING"""
_ON_IT_ALREADY = """
DELETE FROM incoming WHERE NOT EXISTS (SELECT 1 FROM subscribers_subscription b
  WHERE b.subscriber_id = incoming.id AND b.list_id = %s AND b.import_number = %s)"""
_ADD_CONSENTS = """
INSERT INTO subscribers_consent
  (subscriber_id, hash, list_id, list_name, action, at, source, by, network, form, issue, note)
SELECT id, '', %s, %s, CASE wants WHEN 'active' THEN %s ELSE %s END, %s, %s, %s, '', %s, '', %s FROM incoming"""


def occasion_of(job: Import, now: datetime) -> Occasion:
    """The circumstances of whatever an import changes."""
    how = f"imported from {job.file_name}"
    return Occasion(now, Origin(job.source), how[:200], by=job.by, form=f"import {job.pk}: {job.file_name}"[:200])


def write(job: Import, people: Sequence[Person], now: datetime) -> Counter[str]:
    """Bring a chunk of people in, none of them twice, unless it is a dry run; return how many came to what.

    Belongs in a transaction together with the count of rows done, and in turn with other imports.
    """
    stage(people)
    known = _known(job)
    verdict = decide(job, people, known, _held(people), {n for (n,) in ask(_SEEN, job.pk)})
    if not job.dry_run:
        _carry_out(job, people, verdict, known, now)
    Seen.objects.bulk_create([Seen(of=job, mark=people[n].mark) for n in verdict.remember], batch_size=2000)
    refuse(job, ((people[n].line, people[n].email, reason) for n, reason in verdict.reasons.items()))
    return Counter(verdict.outcomes.values())


def refuse(job: Import, rows: Iterable[tuple[int, str, str]]) -> None:
    """Put rows, or cells, into the report of what was not taken."""
    Refusal.objects.bulk_create(
        (Refusal(of=job, line=line, text=text[:330], reason=reason[:300]) for line, text, reason in rows),
        batch_size=1000,
    )


def _known(job: Import) -> dict[int, Known]:
    locked = " FOR NO KEY UPDATE OF s" if connection.vendor == "postgresql" and job.merge != Import.Merge.KEEP else ""
    rows = ask(_KNOWN + locked, job.list_id)
    return {
        n: Known(pk, name, given, language, zone, subscription, status or "", _moment(changed_at), number)
        for n, pk, name, given, language, zone, subscription, status, changed_at, number in rows
    }


def _moment(value: datetime | str | None) -> datetime | None:
    """A moment as raw SQL gives it: SQLite as text, in UTC."""
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _held(people: Sequence[Person]) -> dict[int, Held]:
    found = {n: Held(pk, kind, bool(nameless)) for n, pk, kind, nameless in ask(_HELD)}
    if not Suppression.has_md5s():
        return found
    marks = defaultdict[str, list[int]](list)
    for n, person in enumerate(people):
        for mark in md5s_of(person.key):
            marks[mark].append(n)
    for pk, kind, mark in Suppression.objects.filter(hash__in=marks).values_list("pk", "kind", "hash"):
        found |= {n: Held(pk, kind, True) for n in marks[mark] if n not in found}
    return found


def _carry_out(job: Import, people: Sequence[Person], verdict: Verdict, known: dict[int, Known], now: datetime) -> None:
    occasion = occasion_of(job, now)
    taken = {n for n, outcome in verdict.outcomes.items() if outcome in ("added", "updated", "unchanged", "restored")}
    tagged = [n for n in taken if people[n].wants == "active" and (job.tags or people[n].tags)]
    _suppress(job, people, verdict, known, occasion)
    _move(job, known, verdict, occasion)
    _change(verdict)
    drop(set(range(len(people))) - verdict.insert)
    if verdict.insert:
        _insert(job, occasion)
    if verdict.lift:
        _lift(job, [people[n] for n in verdict.lift], occasion)
    if tagged:
        _tag(job, [people[n] for n in tagged])


def _insert(job: Import, occasion: Occasion) -> None:
    """Make people and subscriptions of the rows that are left."""
    now, to = occasion.at, _list(job)
    note = f"{occasion.how}: {job.basis}" if job.basis else occasion.how
    many = number()
    if do(_ADD_PEOPLE, job.pk, now) < many:
        do(_WHO_THEY_ARE)  # known already, or added by themselves at this very moment
    if do(_ADD_SUBSCRIPTIONS, to.pk, now, now, occasion.how, occasion.source, job.pk) < many:
        do(_ON_IT_ALREADY, to.pk, job.pk)  # they joined at this very moment
    do(
        _ADD_CONSENTS, to.pk, to.name, Consent.Action.IMPORTED, Consent.Action.LEFT, now, occasion.source,
        job.by[:150], occasion.form, note[:300],
    )  # fmt: skip


def _list(job: Import) -> List:
    """The list that people join; one without is not started."""
    if job.list is None:
        raise ImportRefused("say which list these people join")
    # Held until the transaction ends: no constraint looks whether the list is there as each row is written.
    locked = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    if not ask(f"SELECT id FROM subscribers_list WHERE id = %s AND NOT going{locked}", job.list_id):  # noqa: S608 - ours
        raise ImportRefused("the list that these people were to join is gone")
    return job.list


def _move(job: Import, known: dict[int, Known], verdict: Verdict, occasion: Occasion) -> None:
    """Change subscriptions that exist, each from the status that was seen."""
    Status, Action = Subscription.Status, Consent.Action
    basis = f"{occasion.how}: {job.basis}" if job.basis else ""
    _to(job, [known[n] for n in verdict.activate["pending"]], Status.ACTIVE, Action.IMPORTED, occasion, basis)
    _to(
        job, [known[n] for n in verdict.activate["unsubscribed"]], Status.ACTIVE, Action.RESTORED, occasion, job.restore
    )
    _to(job, [known[n] for n in verdict.leave], Status.UNSUBSCRIBED, Action.LEFT, occasion, "")


def _to(job: Import, them: list[Known], end: str, action: str, occasion: Occasion, note: str) -> None:
    if not them:
        return
    joined = {"joined_at": occasion.at, "reason": ""} if end == Subscription.Status.ACTIVE else {}
    for status in {one.status for one in them}:
        meant = [one.subscription for one in them if one.subscription and one.status == status]
        # Locked, and only from the status that was decided about: who has just left by themselves stays away.
        held = Subscription.objects.select_for_update().filter(pk__in=meant, status=status)
        moved = dict(held.values_list("pk", "subscriber_id"))
        Subscription.objects.filter(pk__in=moved).update(
            status=end, changed_at=occasion.at, how=occasion.how, source=occasion.source, issue="",
            import_number=job.pk, **joined,
        )  # fmt: skip
        Consent.note_all(action, occasion, moved.values(), job.list, note)


def _change(verdict: Verdict) -> None:
    """Bring what is known of people up to date, those alike in one go."""
    by_columns: dict[tuple[str, ...], list[list[Any]]] = {}
    for person, changed in verdict.changes:
        by_columns.setdefault(tuple(changed), []).append([*changed.values(), person])
    with connection.cursor() as cursor:
        for columns, rows in by_columns.items():
            places = ", ".join(f"{column} = %s" for column in columns)
            cursor.executemany(f"UPDATE subscribers_subscriber SET {places} WHERE id = %s", rows)  # noqa: S608 - ours


def _suppress(
    job: Import, people: Sequence[Person], verdict: Verdict, known: dict[int, Known], occasion: Occasion
) -> None:
    if not verdict.suppress:
        return
    gone = [people[n] for n in verdict.suppress]
    Suppression.objects.bulk_create(
        [
            Suppression(key=one.key, hash=one.hash, kind=one.wants, reason=f"imported from {job.file_name}"[:200])
            for one in gone
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    there = [known[n].id for n in verdict.suppress if n in known]
    Consent.note_all(Consent.Action.SUPPRESSED, occasion, there)


def _lift(job: Import, people: Sequence[Person], occasion: Occasion) -> None:
    Suppression.objects.filter(hash__in=[one.hash for one in people]).delete()
    ids = Subscriber.objects.filter(key__in=[one.key for one in people]).values_list("pk", flat=True)
    Consent.note_all(Consent.Action.RELEASED, occasion, ids, None, job.restore)


def _tag(job: Import, people: Sequence[Person]) -> None:
    wanted: dict[str, str] = {tag_name(title): title for one in people for title in (*job.tags, *one.tags)}
    there = dict(Tag.objects.filter(name__in=wanted).values_list("name", "pk"))
    if missing := [name for name in wanted if name not in there]:
        titles = {name: wanted[name] if wanted[name] != name else "" for name in missing}
        Tag.objects.bulk_create([Tag(name=name, title=titles[name]) for name in missing], ignore_conflicts=True)
        there = dict(Tag.objects.filter(name__in=wanted).values_list("name", "pk"))
    ids = dict(Subscriber.objects.filter(key__in=[one.key for one in people]).values_list("key", "pk"))
    Tagging.objects.bulk_create(
        (
            Tagging(tag_id=there[tag_name(title)], subscriber_id=ids[one.key])
            for one in people
            if one.key in ids  # who never confirmed may have been forgotten at this very moment
            for title in {tag_name(title): title for title in (*job.tags, *one.tags)}.values()
        ),
        ignore_conflicts=True,
        batch_size=1000,
    )
