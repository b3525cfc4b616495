"""Doing something to many people at once, a window of people at a time, each in a few statements and one transaction.

A step names where it starts from, so that it counts once however many processes take it, and a kill loses nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import SHA256, Coalesce

from subscribers import deleting
from subscribers.finding import Search
from subscribers.inserting import insert, insert_valued, moment, note_each, number, text
from subscribers.models import Bulk, Consent, Occasion, Origin, Subscriber, Subscription, Suppression, Tagging, Touched
from subscribers.wanted import Unclear, Wanted

log = logging.getLogger(__name__)

WINDOW = 20_000
"""Numbers of people that one step goes through."""
KEPT = timedelta(days=30)
"""How long an act can be undone."""

Kind, Status, Action = Bulk.Kind, Bulk.Status, Consent.Action
_Sub = Subscription.Status
People = QuerySet[Subscriber]


def begin(kind: str, wanted: Wanted, now: datetime, **circumstances: object) -> Bulk:
    """Write down what is to be done, and to whom: to those who match now. Raises Unclear."""
    people = Search(wanted, now).everybody().order_by()
    ends = people.aggregate(total=models.Count("pk"), first=models.Min("pk"), last=models.Max("pk"))
    first = ends["first"] or 0
    return Bulk.objects.create(
        kind=kind, wanted=wanted.values(), created_at=now, total=ends["total"], first=first, cursor=first - 1,
        last=ends["last"] or 0, **circumstances,
    )  # fmt: skip


def undo(act: Bulk, now: datetime, by: str) -> Bulk:
    """Begin to take back what an act changed. Raises KeyError for a kind that cannot be undone."""
    ends = act.touched.aggregate(total=models.Count("pk"), first=models.Min("person"), last=models.Max("person"))
    first = ends["first"] or 0
    return Bulk.objects.create(
        kind=Bulk.UNDONE_BY[Kind(act.kind)], wanted=act.wanted, list=act.list, tag=act.tag, by=by, undoes=act,
        reason=f"change {act.pk} undone", created_at=now, total=ends["total"], first=first, cursor=first - 1,
        last=ends["last"] or 0,
    )  # fmt: skip


def work(clock: Callable[[], datetime], stop: Event, window: int = WINDOW) -> bool:
    """Go on with every act that is not done, until all are or `stop` is set; say whether there was anything to do."""
    found = False
    for act in Bulk.objects.filter(status=Status.RUNNING).order_by("pk"):
        try:
            while not stop.is_set() and step(act, clock(), window):
                found = True
        except (Unclear, IntegrityError) as error:
            if isinstance(error, IntegrityError) and _has_subject(act):
                # Somebody was erased at that very moment: the next time they are not there any more.
                log.warning("the bulk change %s (%s) is tried again: %s", act.pk, act, error)
                continue
            # The list or the segment that it is about is gone: the others must not wait behind it for ever.
            log.error("the bulk change %s (%s) was given up: %s", act.pk, act, error)
            cancel(act, clock())
    return found


def _has_subject(act: Bulk) -> bool:
    """Whether the list or the tag is still there that it is about."""
    act.refresh_from_db()
    needed = act.tag_id if act.kind in (Kind.TAG, Kind.UNTAG) else act.list_id
    return bool(needed) or act.kind in (Kind.SUPPRESS, Kind.LIFT)


def finish(act: Bulk, clock: Callable[[], datetime]) -> None:
    """Carry an act out to its end."""
    while step(act, clock()):
        pass


def step(act: Bulk, now: datetime, window: int = WINDOW) -> bool:
    """Go through the next window of people; say whether anything is left to do."""
    if act.kind == Kind.DELETE:
        return deleting.step(act, now)
    act.refresh_from_db()
    if act.status != Status.RUNNING:
        return False
    start = Subscriber.objects.filter(pk__gt=act.cursor, pk__lte=act.last).order_by("pk").values("pk").first()
    with transaction.atomic():
        if start is None:
            mine = Bulk.objects.filter(pk=act.pk, status=Status.RUNNING, cursor=act.cursor)
            mine.update(status=Status.DONE, finished_at=now)
            return False
        upto = min(start["pk"] + window - 1, act.last)
        moved = Bulk.objects.filter(pk=act.pk, status=Status.RUNNING, cursor=act.cursor).update(cursor=upto)
        if moved:
            _window(act, _candidates(act, start["pk"], upto), start["pk"] - 1, upto)
    return True


def cancel(act: Bulk, now: datetime) -> bool:
    """Stop where it is; what is done stays done."""
    return bool(Bulk.objects.filter(pk=act.pk, status=Status.RUNNING).update(status=Status.CANCELLED, finished_at=now))


def forget(now: datetime) -> None:
    """Drop what can no longer be undone."""
    Touched.objects.filter(act__finished_at__lt=now - KEPT).delete()


def _candidates(act: Bulk, low: int, high: int) -> People:
    if act.undoes_id:
        touched = Touched.objects.filter(act=act.undoes_id, person__gte=low, person__lte=high)
        return Subscriber.objects.filter(pk__in=touched.values("person"))
    return Search(Wanted.of(act.wanted), act.created_at).between(low, high)


def _window(act: Bulk, people: People, below: int, upto: int) -> None:
    counts = Counter(act.counts)
    wanted, was, change = _KINDS[Kind(act.kind)](act, people, counts)
    seen = people.order_by().count()
    counts["people"] += seen
    changed = insert(
        Touched, ("act_id", "person", "was"), wanted.order_by().annotate(
            _act=Value(act.pk, models.BigIntegerField()), _was=was
        ).values_list("_act", "pk", "_was"),
    )  # fmt: skip
    counts["changed"] += changed
    if changed:
        change(Touched.objects.filter(act=act, person__gt=below, person__lte=upto))
    Bulk.objects.filter(pk=act.pk).update(counts=dict(counts))


# ── what each kind changes: those it changes something for, what that was, and the change ────────────────────────────

Change = Callable[[QuerySet[Touched]], None]
Plan = tuple[People, object, Change]
_NOTHING = Value("", CharField())


def _tag(act: Bulk, people: People, counts: Counter[str]) -> Plan:
    def change(touched: QuerySet[Touched]) -> None:
        rows = touched.annotate(_tag=Value(act.tag_id, models.BigIntegerField())).values_list("_tag", "person")
        insert(Tagging, ("tag_id", "subscriber_id"), rows)

    return people.filter(~Exists(_tagging(act))), _NOTHING, change


def _untag(act: Bulk, people: People, counts: Counter[str]) -> Plan:
    def change(touched: QuerySet[Touched]) -> None:
        gone = Tagging.objects.filter(tag=act.tag_id, subscriber__in=touched.values("person"))
        gone._raw_delete(gone.db)  # nothing hangs on a tagging: no need to read them first

    return people.filter(Exists(_tagging(act))), _NOTHING, change


def _add(act: Bulk, people: People, counts: Counter[str]) -> Plan:
    held, gone = Exists(_held()), Exists(_on(act, _Sub.UNSUBSCRIBED))
    undone = Exists(Touched.objects.filter(act=act.undoes_id, person=OuterRef("pk"), was="pending"))
    fresh = people.filter(~Exists(_on(act, _Sub.ACTIVE)))
    if not (act.restore or act.undoes_id):
        counts["suppressed"] += fresh.filter(held).order_by().count()
        counts["unsubscribed"] += fresh.filter(~held, gone).order_by().count()
        counts["unconfirmed"] += fresh.filter(_unconfirmed(act), ~held, ~gone).order_by().count()
        fresh = fresh.filter(~_unconfirmed(act), ~held, ~gone)
    if act.undoes:
        # Whoever has left by themselves since stays away.
        ours = _on(act, _Sub.UNSUBSCRIBED).filter(source=Origin.DESK, changed_at=act.undoes.created_at)
        fresh = fresh.filter(Exists(ours) & ~undone)

    def change(touched: QuerySet[Touched]) -> None:
        if act.restore:
            _release(act, touched)
        all_the_same = f"{act.reason}; brought in all the same: {act.restore}" if act.restore else act.reason
        _note(act, Action.RESTORED, touched.filter(was=_Sub.UNSUBSCRIBED), all_the_same)
        _note(act, Action.ADDED, touched.filter(was=_Sub.PENDING), all_the_same)
        _note(act, Action.ADDED, touched.filter(was=""))
        for was in (_Sub.PENDING, _Sub.UNSUBSCRIBED):
            # Only from the status that was seen.
            rows = _subscriptions(act, touched.filter(was=was)).filter(status=was)
            rows.update(joined_at=act.created_at, reason="", **_changed(act, _Sub.ACTIVE))
        _insert_subscriptions(act, touched.filter(was=""))

    was = Subquery(_on(act).values("status")[:1], output_field=CharField())
    return fresh, Coalesce(was, _NOTHING), change


def _remove(act: Bulk, people: People, counts: Counter[str]) -> Plan:
    def change(touched: QuerySet[Touched]) -> None:
        _subscriptions(act, touched).update(**_changed(act, _Sub.UNSUBSCRIBED))
        _note(act, Action.REMOVED, touched)

    on = _on(act).exclude(status=_Sub.UNSUBSCRIBED)
    return people.filter(Exists(on)), Subquery(on.values("status")[:1], output_field=CharField()), change


def _suppress(act: Bulk, people: People, counts: Counter[str]) -> Plan:
    def change(touched: QuerySet[Touched]) -> None:
        rows = Subscriber.objects.filter(pk__in=touched.values("person")).annotate(
            _hash=_hash(), _kind=Value(Suppression.Kind.MANUAL.value, CharField()),
            _why=Value(act.reason[:200], CharField()), _at=Value(act.created_at, models.DateTimeField()),
        ).values_list("key", "_hash", "_kind", "_why", "_at")  # fmt: skip
        insert(Suppression, ("key", "hash", "kind", "reason", "created_at"), rows)
        _note(act, Action.SUPPRESSED, touched)

    return people.filter(~Exists(_held())), _NOTHING, change


def _lift(act: Bulk, people: People, counts: Counter[str]) -> Plan:
    held = _released(act, Suppression.objects.filter(key=OuterRef("key")))
    return people.filter(Exists(held)), _NOTHING, lambda touched: _release(act, touched)


_KINDS: dict[Bulk.Kind, Callable[[Bulk, People, Counter[str]], Plan]] = {
    Kind.TAG: _tag, Kind.UNTAG: _untag, Kind.ADD: _add, Kind.REMOVE: _remove, Kind.SUPPRESS: _suppress,
    Kind.LIFT: _lift,
}  # fmt: skip


def _tagging(act: Bulk) -> QuerySet[Tagging]:
    return Tagging.objects.filter(tag=act.tag_id, subscriber=OuterRef("pk"))


def _on(act: Bulk, *statuses: str) -> QuerySet[Subscription]:
    rows = Subscription.objects.filter(list=act.list_id, subscriber=OuterRef("pk"))
    return rows.filter(status__in=statuses) if statuses else rows


def _unconfirmed(act: Bulk) -> Q:
    """Who waits for the button of this list, or is here only because somebody typed the address.

    A file names each address that somebody vouches for; a filter finds whoever was typed by anybody.
    """
    theirs = Subscription.objects.filter(subscriber=OuterRef("pk"))
    ever_on = theirs.filter(Q(status=_Sub.ACTIVE) | Q(joined_at__isnull=False))
    return Q(Exists(_on(act, _Sub.PENDING))) | Q(Exists(theirs.filter(status=_Sub.PENDING)), ~Exists(ever_on))


def _held() -> QuerySet[Suppression]:
    return Suppression.objects.filter(key=OuterRef("key"))


def _subscriptions(act: Bulk, touched: QuerySet[Touched]) -> QuerySet[Subscription]:
    return Subscription.objects.filter(list=act.list_id, subscriber__in=touched.values("person"))


def _changed(act: Bulk, status: str) -> dict[str, object]:
    return {"status": status, "changed_at": act.created_at, "how": _how(act)[:200], "source": Origin.DESK, "issue": ""}


def _how(act: Bulk) -> str:
    return act.reason or f"{act.get_kind_display()} by {act.by}"


def _release(act: Bulk, touched: QuerySet[Touched]) -> None:
    keys = Subscriber.objects.filter(pk__in=touched.values("person")).values("key")
    held = _released(act, Suppression.objects.filter(key__in=keys))
    people = Subscriber.objects.filter(pk__in=touched.values("person"), key__in=held.values("key"))
    _note(act, Action.RELEASED, people.annotate(person=F("pk")), act.restore or act.reason, of_list=False)
    held.delete()


def _released(act: Bulk, held: QuerySet[Suppression]) -> QuerySet[Suppression]:
    """Those that the act may lift: an undone one just its own, one that brings people back no complaint."""
    if act.undoes:
        return held.filter(kind=Suppression.Kind.MANUAL, created_at=act.undoes.created_at)
    if act.kind == Kind.ADD:
        return held.exclude(kind__in=(Suppression.Kind.COMPLAINED, Suppression.Kind.ERASED))
    return held


def _insert_subscriptions(act: Bulk, touched: QuerySet[Touched]) -> None:
    values: dict[str, models.Expression | Value] = {
        "list_id": number(act.list_id), "status": text(_Sub.ACTIVE), "changed_at": moment(act.created_at),
        "joined_at": moment(act.created_at), "how": text(_how(act)[:200]), "source": text(Origin.DESK),
        "issue": text(""), "reason": text(""), "frequency": text(Subscription.Frequency.EVERY),
        "without": Value([], models.JSONField()),
    }  # fmt: skip
    insert_valued(Subscription, "subscriber_id", values, touched)


def _note(act: Bulk, action: str, people: QuerySet[Any], note: str = "", of_list: bool = True) -> None:
    """Write a consent for each of these people, in one statement."""
    listed = act.list if of_list and act.kind in (Kind.ADD, Kind.REMOVE) else None
    occasion = Occasion(act.created_at, Origin.DESK, act.reason, act.by, form=f"bulk change {act.pk}")
    note_each(action, occasion, people, listed, note)


def _hash() -> models.Expression | Func:
    """SHA-256 of the key, as `hash_of` makes it. Django's own asks PostgreSQL for an extension."""
    if connection.vendor == "sqlite":
        return SHA256("key")
    return Func(
        F("key"), template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')", output_field=CharField()
    )
