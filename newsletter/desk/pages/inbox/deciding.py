"""What is pressed in an inbox: star, reject, clear, read, unread, undo, and the word on why.

A button says `verb:12.starred`: what to do, to which post, and what stood about it when the page was made. If somebody
has decided otherwise meanwhile, that stays, and is told. Ticked posts are named the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest
from django.utils import timezone

from newsletter.desk.pages.inbox.room import Room
from newsletter.desk.saying import counted
from newsletter.models import Post, Standing, Triage
from newsletter.models.copies import copies
from newsletter.models.triage import Told

STANDINGS = {"star": Standing.STARRED, "reject": Standing.REJECTED, "clear": Standing.OPEN}
DONE = {"star": "starred", "reject": "rejected", "clear": "undecided again"}
MOST = 500
"""Posts that one press may be about."""
NAMED = 3
"""Posts that a message spells out."""


def act(request: HttpRequest, room: Room) -> None:
    """Do what was pressed, and say what came of it."""
    verb, _, rest = request.POST.get("do", "").partition(":")
    doers: dict[str, Callable[[HttpRequest, Room, str], None]] = {"undo": _undo, "why": _explain}
    if verb in doers:
        doers[verb](request, room, rest)
        return
    seen = _meant(room, rest.split(",") if rest else request.POST.getlist("post"))
    if not seen:
        messages.error(request, "Tick the posts that are meant, then say what to do with them.")
    elif verb in STANDINGS:
        _decide(request, room, verb, seen)
    elif verb in ("read", "unread"):
        _read(request, room, verb, seen)
    else:
        messages.error(request, "That button is not known. Look at the page anew, and press again.")


def _meant(room: Room, given: Collection[str]) -> dict[int, str]:
    """The posts that were named, and what stood about each; those of this inbox alone."""
    named = {}
    for one in list(given)[:MOST]:
        number, dot, standing = one.partition(".")
        if dot and number.isdecimal() and len(number) < 19 and standing in Standing.values:
            named[int(number)] = standing
    mine = set(room.inbox.posts.filter(pk__in=list(named)).values_list("pk", flat=True))
    return {number: standing for number, standing in named.items() if number in mine}


def _decide(request: HttpRequest, room: Room, verb: str, seen: dict[int, str]) -> None:
    reason = " ".join(request.POST.get("reason", "").split())[:500]
    wanted = {**_copies(room, seen), **seen} if verb == "reject" else seen
    told = Triage.decide(room.name, wanted, STANDINGS[verb], timezone.now(), request.user, reason)
    _log(request, room, told, DONE[verb], reason)
    if told.changed:
        extra = sum(number not in seen for number in told.changed)
        also = f", with {counted(extra, 'copy', 'copies')} in other sources" if extra else ""
        mine = [number for number in told.changed if number in seen]
        tags = f"undo:{told.act}" + (f" why:{told.act}" if verb == "reject" and not reason else "")
        messages.success(request, f"{_named(mine)} {DONE[verb]}{also}.", extra_tags=tags)
    elif not told.others:
        messages.info(request, f"{_named(list(seen))} {DONE[verb]} already.")
    _tell_others(request, told)


def _copies(room: Room, seen: Collection[int]) -> dict[int, str]:
    """The posts that are folded under these, and that nobody has decided about."""
    posts = Post.objects.filter(pk__in=list(seen)).only("likeness")
    folded = copies(room.name, room.inbox.sources, posts).of
    found = [one.pk for number in seen for one in folded.get(number, ())]
    decided = Triage.objects.filter(newsletter=room.name, post__in=found).exclude(standing=Standing.OPEN)
    return dict.fromkeys(set(found) - set(decided.values_list("post", flat=True)), "")


def _read(request: HttpRequest, room: Room, verb: str, seen: dict[int, str]) -> None:
    changed = Triage.read(room.name, list(seen), timezone.now() if verb == "read" else None)
    if not changed:
        messages.info(request, f"{_named(list(seen))} marked as {verb} already.")
        return
    back = "unread" if verb == "read" else "read"
    again = ",".join(f"{number}.{seen[number]}" for number in changed)
    messages.success(request, f"{_named(changed)} marked as {verb}.", extra_tags=f"{back}:{again}")


def _undo(request: HttpRequest, room: Room, rest: str) -> None:
    if (number := _uuid(rest)) is None:
        messages.error(request, "There is nothing to undo here.")
        return
    told = Triage.undo(room.name, number, timezone.now(), request.user)
    _log(request, room, told, "undone", "")
    if told.changed:
        messages.success(request, f"{_named(told.changed)} as before.")
    elif not told.others:
        messages.info(request, "There is nothing to undo any more.")
    _tell_others(request, told, "has been decided since, and")


def _explain(request: HttpRequest, room: Room, rest: str) -> None:
    reason, number = " ".join(request.POST.get("why", "").split())[:500], _uuid(rest)
    if number is None or not reason:
        messages.error(request, "Write a few words on why, or leave it.", extra_tags=f"undo:{rest} why:{rest}")
        return
    told = Triage.explain(room.name, number, reason)
    _log(request, room, told, "rejected", reason)
    messages.success(request, f"The log says why now: {reason}", extra_tags=f"undo:{rest}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _tell_others(request: HttpRequest, told: Told, why: str = "") -> None:
    """Say which posts were left alone, because somebody else was there first."""
    for row in told.others[:NAMED]:
        who = row.by.get_username() if row.by else "Somebody"
        done = {Standing.STARRED: "has starred it", Standing.REJECTED: "has rejected it"}.get(
            Standing(row.standing), "has taken its verdict back"
        )
        said = f": {row.reason}" if row.reason else ""
        messages.warning(request, f"“{row.post}” {why or 'is'} left as it is. {who} {done} meanwhile{said}.")
    if (more := len(told.others) - NAMED) > 0:
        messages.warning(request, f"{counted(more, 'more post')} left as they are, for the same reason.")


def _named(numbers: Collection[int]) -> str:
    """One post by its title, or how many there are; with the verb."""
    if len(numbers) == 1:
        title = Post.objects.filter(pk__in=list(numbers)).values_list("title", flat=True).first() or ""
        return f"“{title if len(title) <= 90 else title[:89] + '…'}” is"
    return f"{len(numbers)} posts are"


def _log(request: HttpRequest, room: Room, told: Told, done: str, reason: str) -> None:
    if told.changed:
        said = f"{room.name}: {done}{f'; {reason}' if reason else ''}"
        posts = list(Post.objects.filter(pk__in=told.changed).only("title"))
        LogEntry.objects.log_actions(int(request.user.pk or 0), posts, CHANGE, said)
