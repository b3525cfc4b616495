"""Suppression lists: addresses, or their hashes, that must not be written to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from subscribers import fields
from subscribers.addresses import InvalidAddress, normalize
from subscribers.importing.deciding import REFUSED, REPEATED, SUPPRESSED, UNCHANGED
from subscribers.importing.meanings import Entry, wish
from subscribers.importing.people import RowRefused, plain
from subscribers.importing.records import Record
from subscribers.importing.staging import ask
from subscribers.importing.writing import occasion_of, refuse
from subscribers.models import MD5, Consent, Import, Subscriber, Suppression, hash_of, md5s_of

Kind = Suppression.Kind
_HASH = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"(?:md5:)?([0-9a-f]{32})")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_SLICE = 20_000
_SHA256 = {"postgresql": "encode(sha256(convert_to(s.key, 'UTF8')), 'hex')", "sqlite": "SHA256(s.key)"}
_BY_HASH = """
SELECT p.id, p.kind, s.key FROM subscribers_subscriber s JOIN subscribers_suppression p ON p.hash = {hashed}
WHERE s.id >= %s AND s.id < %s AND p.key IS NULL"""
_MD5_OF_KEY = "'md5:' || md5(s.key)"  # SQLite has the function from Django


@dataclass
class Read:
    """The suppressions of a chunk by their hashes, and the rows that are none."""

    wanted: dict[str, Suppression] = field(default_factory=dict)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Suppressions:
    """Brings suppressions in; those that are there already stay what they are."""

    def __init__(self, job: Import, decided: Sequence[Entry]) -> None:
        self._job = job
        at = {entry["as"]: number for number, entry in reversed(list(enumerate(decided)))}
        self._email, self._hash, self._kind, self._reason = map(at.get, ("email", "hash", "kind", "reason"))

    def read(self, records: list[Record], now: datetime) -> Read:
        """What the rows say."""
        read = Read()
        for line, cells, fault in records:
            try:
                if fault:
                    raise RowRefused(fault)
                one = self._one(cells, now)
            except (InvalidAddress, RowRefused) as error:
                read.refused.append((line, _cell(cells, self._email) or _cell(cells, self._hash), str(error)))
                read.counts[REFUSED] += 1
                continue
            if one.hash in read.wanted:
                read.refused.append((line, one.key or one.hash, "this address stands in the file twice"))
                read.counts[REPEATED] += 1
            else:
                read.wanted[one.hash] = one
        return read

    def _one(self, cells: list[str], now: datetime) -> Suppression:
        email, hashed = _cell(cells, self._email), _cell(cells, self._hash).lower()
        if not email and not hashed:
            raise RowRefused("this row has neither an address nor a hash")
        key = normalize(email)[1] if email and not _hash(email) else None
        hashed = hash_of(key) if key else hashed or email
        if not (known := _hash(hashed)):
            raise RowRefused(f"“{hashed[:70]}” is no hash that we can find people by; {_instead(hashed)}")
        kind = _kind_of(_cell(cells, self._kind))
        reason = fields.tidy(_cell(cells, self._reason))[:200] or f"imported from {self._job.file_name}"[:200]
        return Suppression(key=key, hash=known, kind=kind, reason=reason, created_at=now)

    def write(self, read: Read, now: datetime) -> Counter[str]:
        """Bring them in, and note with those who are here that they are not written to any more."""
        refuse(self._job, read.refused)
        there = {one.hash: one for one in Suppression.objects.filter(hash__in=read.wanted)}
        new = [one for hashed, one in read.wanted.items() if hashed not in there]
        counts = read.counts + Counter({SUPPRESSED: len(new), UNCHANGED: len(there)})
        if self._job.dry_run:
            return counts
        Suppression.objects.bulk_create(new, ignore_conflicts=True, batch_size=1000)
        for hashed, one in there.items():
            if one.key is None and one.kind != Kind.ERASED and (key := read.wanted[hashed].key):
                Suppression.objects.filter(pk=one.pk, key=None).update(key=key)
        _note(self._job, [one.key for one in new if one.key], now)
        return counts

    def finish(self, now: datetime) -> None:
        """Find the people whose addresses came as hashes alone, so that nothing is sent to them."""
        if self._job.dry_run or not Suppression.objects.filter(key=None).exists():
            return
        last = Subscriber.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        first = Subscriber.objects.order_by("pk").values_list("pk", flat=True).first() or 0
        for start in range(first, last + 1, _SLICE):
            with transaction.atomic():
                _match(self._job, start, start + _SLICE, now)


def _match(job: Import, first: int, end: int, now: datetime) -> None:
    found = ask(_BY_HASH.format(hashed=_SHA256[connection.vendor]), first, end)
    if Suppression.has_md5s():
        found += [*ask(_BY_HASH.format(hashed=_MD5_OF_KEY), first, end), *_other_spellings(first, end)]
    fresh = {key: (pk, kind) for pk, kind, key in reversed(found)}
    # One row of each address: what is held already says it, and so does the first of several hashes.
    held = set(Suppression.objects.filter(key__in=fresh).values_list("key", flat=True))
    for key in fresh.keys() - held:
        pk, kind = fresh[key]
        # Whoever was erased elsewhere and is here all the same is only kept from being written to.
        kind = Kind.MANUAL if kind == Kind.ERASED else kind
        Suppression.objects.filter(pk=pk, key=None).update(key=key, hash=hash_of(key), kind=kind)
    Suppression.objects.filter(pk__in=[pk for pk, _, _ in found], key=None).delete()
    _note(job, sorted(fresh.keys() - held), now)


def _other_spellings(first: int, end: int) -> list[tuple[int, str, str]]:
    """Those whose MD5 was made of the domain as people write it, where the key has it in ASCII."""
    people = Subscriber.objects.filter(pk__gte=first, pk__lt=end, domain__contains="xn--")
    marks = {mark: key for key in people.values_list("key", flat=True) for mark in md5s_of(key)}
    rows = Suppression.objects.filter(hash__in=marks, key=None).values_list("pk", "kind", "hash")
    return [(pk, kind, marks[mark]) for pk, kind, mark in rows]


def _hash(text: str) -> str:
    """A hash as the table holds it; nothing if this is none."""
    if _HASH.fullmatch(plain := text.lower()):
        return plain
    found = _MD5.fullmatch(plain)
    return f"{MD5}{found[1]}" if found else ""


def _instead(text: str) -> str:
    if _SHA1.fullmatch(text.lower()):
        return "this looks like SHA-1: ask for the addresses, or for their SHA-256 or MD5"
    return "SHA-256 has 64 digits of 0 to 9 and a to f, MD5 has 32"


def _note(job: Import, keys: Sequence[str], now: datetime) -> None:
    here = Subscriber.objects.filter(key__in=keys).values_list("pk", flat=True)
    Consent.note_all(Consent.Action.SUPPRESSED, occasion_of(job, now), here)


def _cell(cells: Sequence[str], at: int | None) -> str:
    return plain(cells[at]).strip() if at is not None and cells else ""


def _kind_of(word: str) -> str:
    if not word:
        return Kind.MANUAL
    if fields.slug(word) in Kind.values:
        return fields.slug(word)
    meant = wish(word)
    return meant if meant in Kind.values else Kind.MANUAL
