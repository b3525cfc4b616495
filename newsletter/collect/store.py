"""Write what a visit brought to the tables, once each, however often and by however many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from newsletter.collect.entry import Entry, Fetched
from newsletter.markup.urls import digest, key
from newsletter.models import Post, Sighting, Source
from newsletter.models.post import likeness

CONTENT = (
    "url", "title", "summary", "html", "authors", "tags", "image_url", "image_alt", "image_dark", "image_width",
    "image_height", "language", "words", "personal",
)  # fmt: skip
BATCH = 500


@dataclass(frozen=True)
class Counts:
    """What became of the entries of a visit."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0


@transaction.atomic
def store(source: Source, fetched: Fetched, clock: Callable[[], datetime]) -> Counts:
    """Add what is new, update what changed, leave the rest."""
    # Two visits to one source take turns; two sources with the same story meet at Post.key.
    Source.objects.select_for_update().get(pk=source.pk)
    # Not when the visit began: an issue drawn up meanwhile could not see what it brings, and must not seem to have.
    now = clock()
    entries = _first_of_each(fetched.entries)
    seen = _sightings(source, entries)
    new = {guid: entry for guid, entry in entries.items() if guid not in seen}
    changed = {guid: entry for guid, entry in entries.items() if guid in seen and _differs(seen[guid], entry)}
    added, met = _add(source, new, fetched.latest, now, _keys(source, entries))
    updated = _update(source, [(seen[guid], entry) for guid, entry in changed.items()] + met, fetched.latest, now)
    return Counts(added, updated, len(entries) - added - updated)


def news(source: Source, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that are new or have changed since the source was last visited."""
    found = _first_of_each(entries)
    seen = _sightings(source, found)
    return [entry for guid, entry in found.items() if guid not in seen or _differs(seen[guid], entry)]


def _first_of_each(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The entries by the hash of their id; of two with one id the first counts."""
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(digest(entry.guid), entry)
    return found


def _keys(source: Source, entries: dict[str, Entry]) -> dict[str, str]:
    """The key of each entry: its address; the id within the source where it has none or shares it with another."""
    own = {guid: key(entry.url) if entry.url else "" for guid, entry in entries.items()}
    shared = Counter(own.values())
    return {
        guid: mine if mine and shared[mine] == 1 else digest(f"{source.name}\n{entries[guid].guid}")
        for guid, mine in own.items()
    }


def _sightings(source: Source, entries: dict[str, Entry]) -> dict[str, Sighting]:
    found = Sighting.objects.filter(source=source, guid__in=list(entries)).select_related("post")
    return {sighting.guid: sighting for sighting in found}


def _differs(sighting: Sighting, entry: Entry) -> bool:
    return sighting.fingerprint != entry.fingerprint


def _add(
    source: Source, new: dict[str, Entry], latest: datetime | None, now: datetime, keys: dict[str, str]
) -> tuple[int, list[tuple[Sighting, Entry]]]:
    """Make posts of new entries; return how many, and the sightings of those that were posts already."""
    wanted = {keys[guid]: entry for guid, entry in new.items()}
    known = set(Post.objects.filter(key__in=list(wanted)).values_list("key", flat=True))
    fresh = [_post(source, name, wanted[name], latest, now) for name in sorted(wanted.keys() - known)]
    # In the order of their keys, so that two sources with the same stories cannot wait for each other.
    Post.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    posts = {post.key: post for post in Post.objects.filter(key__in=list(wanted))}
    made = [
        Sighting(post=posts[keys[guid]], source=source, guid=guid, fingerprint=entry.fingerprint)
        for guid, entry in new.items()
    ]
    Sighting.objects.bulk_create(made, batch_size=BATCH, ignore_conflicts=True)
    met = [(sighting, new[sighting.guid]) for sighting in made if sighting.post.key in known]
    return len(fresh), met


def _post(source: Source, name: str, entry: Entry, latest: datetime | None, now: datetime) -> Post:
    published_at = _published(entry, latest) or now
    post = Post(key=name, source=source, published_at=published_at, collected_at=now, updated_at=now)
    _fill(post, entry)
    return post


def _update(source: Source, pairs: list[tuple[Sighting, Entry]], latest: datetime | None, now: datetime) -> int:
    """Bring posts up to date with their own source; another source's version of a story is only noted."""
    for sighting, entry in pairs:
        sighting.fingerprint = entry.fingerprint
    Sighting.objects.bulk_update([sighting for sighting, _ in pairs if sighting.pk], ["fingerprint"], batch_size=BATCH)
    owned = {
        sighting.post.pk: (sighting.post, entry) for sighting, entry in pairs if sighting.post.source_id == source.pk
    }
    posts = [post for post, entry in owned.values() if _refresh(post, entry, latest, now)]
    Post.objects.bulk_update(
        posts, [*CONTENT, "likeness", "published_at", "collected_at", "updated_at"], batch_size=BATCH
    )
    return len(posts)


def _refresh(post: Post, entry: Entry, latest: datetime | None, now: datetime) -> bool:
    """Bring one post up to date; return whether anything is another now."""
    dated = post.published_at
    if not _fill(post, entry, latest):
        return False
    post.updated_at = now
    if post.published_at < dated:
        # The issue of its new date may be made already: then it has turned up late, and the next one takes it.
        post.collected_at = now
    return True


def _fill(post: Post, entry: Entry, latest: datetime | None = None) -> bool:
    """Set the content of a post, and its date where the entry has one; return whether anything is another now."""
    values: dict[str, object] = {name: getattr(entry, name) for name in CONTENT}
    values |= {"authors": list(entry.authors), "tags": list(entry.tags), "likeness": likeness(entry.title)}
    if post.pk and (published_at := _published(entry, latest)):
        values["published_at"] = published_at
    changed = [name for name, value in values.items() if getattr(post, name) != value]
    for name in changed:
        setattr(post, name, values[name])
    return bool(changed)


def _published(entry: Entry, latest: datetime | None) -> datetime | None:
    """When the entry says it was published, unless its clock is wrong."""
    return None if latest and entry.published_at and entry.published_at > latest else entry.published_at
