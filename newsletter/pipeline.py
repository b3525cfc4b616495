"""The table of contents: collect → compose → render → send → track, the jobs in order, and what triggers each.

Every job may run twice, late, or on two machines at once without harm: what is due is a query over rows, and each
change is guarded by the row's own state. The engine (newsletter/engine.py) only makes them run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from newsletter import chores, collect, compose, errands, preflight, render, send, track
from newsletter.config import Config
from newsletter.models import (
    Chore,
    Edition,
    Entry,
    Errand,
    Issue,
    LinkCheck,
    Message,
    Notice,
    Rejected,
    Reply,
    SignIn,
    Spooled,
    TransitionRefused,
    Trial,
    Turn,
    deeds,
    repairing,
)
from newsletter.models.hours import ahead
from newsletter.models.tail import hours_of
from newsletter.models.trial import FIRST
from subscribers import bulk, converting, importing, lookup, tallying
from subscribers.forgetting import forget_unconfirmed
from subscribers.segments import indexes

log = logging.getLogger(__name__)

SHEETS = 8
"""Sheets of one issue before the next has its turn, so that a large one does not keep a small one waiting."""
INGESTERS = 2
"""Payloads that are understood side by side: while one waits for the database, another is read."""
CHORES = 2
"""Of what staff ask for at the desk, so much is done side by side."""
STUCK = "cannot be rendered"
"""How the reason begins of an issue that is tried again at the next turn."""


@dataclass(frozen=True)
class Context:
    """What every job is handed: the configuration, the key that signs, the clock, the wish to stop, and a listener."""

    config: Config
    key: str
    clock: Callable[[], datetime] = timezone.now
    stop: Event = field(default_factory=Event)
    beat: Callable[[str, datetime, float, str], object] = lambda job, at, seconds, fault: None
    """Told of each run of a job: when it ended, how long it took, and what went wrong."""


# ── collect ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def collect_sources(ctx: Context, only: Collection[str] = ()) -> list[collect.Visit]:
    """Bring in what the sources have published, all of them side by side."""
    return collect.collect(ctx.config, ctx.clock(), only, ctx.clock, render.fault_of_tag)


# ── compose ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def draw_up_issues(ctx: Context) -> None:
    """Draw up each newsletter's issues whose cut-off has come, from posts fetched at that moment."""
    for name in ctx.config.newsletters:
        with _apart(name):
            if missed := compose.record_missed(ctx.config, name, ctx.clock()):
                log.warning("%s: %s", missed, missed.reason)
            for due in compose.at_hand(ctx.config, name, ctx.clock()):
                _draw_up_planned(ctx, name, due)
            for month in compose.months_at_hand(ctx.config, name, ctx.clock()):
                see_to_summary(ctx, name, month)
    carry_on_drafts(ctx)
    with _apart("the checks of issues in review"):
        preflight.want_for_review(ctx.config, ctx.key, ctx.clock())


def draw_up(ctx: Context, newsletter: str, due: datetime) -> Issue:
    """Return the issue of a newsletter for a due date, made now unless it exists."""
    collect_sources(ctx, ctx.config.newsletters[newsletter].sources)
    issue = compose.draw_up(ctx.config, newsletter, due, ctx.clock())
    log.info("%s: %s", issue, issue.reason or f"{issue.items.count()} posts")
    return issue


def _draw_up_planned(ctx: Context, newsletter: str, due: datetime) -> None:
    """Draw up an issue unless its date is left out or moved while its sources are visited."""
    collect_sources(ctx, ctx.config.newsletters[newsletter].sources)
    if issue := compose.draw_up_planned(ctx.config, newsletter, due, ctx.clock()):
        log.info("%s: %s", issue, issue.reason or f"{issue.items.count()} posts")


def see_to_summary(ctx: Context, newsletter: str, month: compose.Month) -> None:
    """Draw up the summary of a month that has ended, if anybody wants it and nobody has been here before."""
    closing = partial(render.issues_in_full, ctx.config, newsletter)
    if issue := compose.see_to(ctx.config, newsletter, month, ctx.clock(), closing):
        log.info("%s: %s", issue, issue.reason or f"{issue.items.count()} stories of the month")


def draw_up_summary(ctx: Context, newsletter: str, month: compose.Month) -> Issue:
    """Return the summary of a month, made now unless it exists."""
    closing = partial(render.issues_in_full, ctx.config, newsletter)
    return compose.draw_up_summary(ctx.config, newsletter, month, ctx.clock(), closing)


def load_new_posts(
    ctx: Context, issue: Issue, add: Collection[int], change: Collection[str], drop: Collection[int]
) -> compose.Loaded:  # fmt: skip
    """Take posts into an issue that were collected since, and what has changed; what is chosen is what is done."""
    return compose.load(ctx.config, issue, ctx.clock(), add, change, drop)


def carry_on_drafts(ctx: Context) -> None:
    """Take drafts to their next stage: to review, or, where no approval is asked for, all the way to the schedule."""
    waiting = (Issue.Status.DRAFT, Issue.Status.APPROVED)
    # What a person has sent back, or taken off the schedule, goes on by a person.
    for issue in Issue.objects.filter(status__in=waiting, newsletter__in=ctx.config.newsletters, stopped_at=None):
        with _apart(issue):
            try:
                if issue.reason.startswith(STUCK) and (changed := issue.copy_anew()):
                    log.info("%s: %d posts have changed, and are copied anew", issue, changed)
                _carry_on(ctx, issue)
            except preflight.Blocked as error:
                preflight.hold(issue, error)
            except TransitionRefused as error:
                log.info("%s was taken on elsewhere: %s", issue, error)
            except render.RenderError as error:
                log.error("%s cannot be rendered: %s", issue, error)
                issue.note(f"{STUCK}: {error}{_way_on(issue, error)}")


def _way_on(issue: Issue, error: render.RenderError) -> str:
    """What to do about a post that cannot be rendered; a template's or an editor's fault names its own place."""
    of_post = str(error).startswith("the post ") and issue.status == Issue.Status.DRAFT
    return "; mend the post and collect again, and this draft takes it up" if of_post else ""


def _carry_on(ctx: Context, issue: Issue) -> None:
    if ctx.config.newsletters[issue.newsletter].approval == "automatic":
        if issue.status == Issue.Status.DRAFT:
            if preflight.waits(issue, ctx.config, ctx.key, ctx.clock()):
                return  # its links are being looked at
            approve(ctx, issue)
        # A person who approves what was edited, or sets a date meanwhile, is not overruled; and may think better of it.
        undo = ctx.config.send.undo if issue.approved_by_id else timedelta()
        schedule(ctx, issue, issue.send_at, only=(Issue.Status.APPROVED,), undo=undo)
    elif issue.status == Issue.Status.DRAFT:
        issue.go(Issue.Status.IN_REVIEW)


@contextmanager
def _apart(what: object) -> Iterator[None]:
    """Let a fault in one newsletter or issue be the others' business no longer than it takes to log it."""
    try:
        yield
    except Exception:
        log.exception("%s: this failed, and is tried again at the next turn", what)


# ── render ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def approve(ctx: Context, issue: Issue, by: Any = None) -> None:
    """Render the issue and bind the approval to that very content. Raises preflight.Blocked, a TransitionRefused."""
    with transaction.atomic():
        # An editor's save waits for this lock, as this waits for an editor's: what is rendered is what is bound.
        Issue.objects.select_for_update().get(pk=issue.pk)
        issue.refresh_from_db()
        digest = preflight.insist(issue, ctx.config, ctx.key, ctx.clock()) if _can_be_approved(issue) else ""
        _insist_on_another(ctx.config, issue, by)
        variants = _variants(ctx, issue)
        edition = variants.get(FIRST) or render.render(issue, ctx.config, ctx.key)
        issue.approve(edition, by, ctx.clock(), variants)
        preflight.bind(issue, digest, edition, ctx.clock())


def _variants(ctx: Context, issue: Issue) -> dict[str, Edition]:
    """Render every variant of an issue that has an A/B test: the approval binds each of them."""
    trial = Trial.of(issue)
    if trial is None:
        return {}
    if faults := trial.faults():
        raise TransitionRefused(f"{issue} was not approved: {faults[0]}")
    editions = render.editions(issue, ctx.config, ctx.key, trial)
    trial.insist(editions)
    return editions


def edition_of(ctx: Context, issue: Issue, letter: str = "") -> Edition:
    """What was approved of an issue, or of a variant of it; else as it stands now. Raises RenderError."""
    return render.edition_of(issue, ctx.config, ctx.key, letter)


def _can_be_approved(issue: Issue) -> bool:
    """Where it cannot be anyway, that is the reason to be told."""
    return issue.status in Issue.FROM[Issue.Status.APPROVED]


def refuse(ctx: Context, issue: Issue, reason: str) -> None:
    """Send an issue in review back to who makes it; it comes back to review when a person hands it in again."""
    if not (words := " ".join(reason.split())):
        raise TransitionRefused("say why it is sent back: whoever mends it wants to know")
    issue.stop(Issue.Status.DRAFT, words, ctx.clock())


def hand_in(ctx: Context, issue: Issue) -> None:
    """Put a draft that was sent back into review again."""
    issue.go(Issue.Status.IN_REVIEW, reason="")


def run_checks(ctx: Context) -> None:
    """Look at the issues that somebody wants checked, or that wait for approval: words, links, sender, and the rest."""
    preflight.carry_on(ctx.config, ctx.key, ctx.clock, ctx.stop)


def _insist_on_another(config: Config, issue: Issue, by: Any) -> None:
    """Raise TransitionRefused where nobody may approve what they edited last. The command line is trusted."""
    letter = config.newsletters.get(issue.newsletter)
    if by is not None and letter and letter.approval_by == "another" and issue.edited_by_id == by.pk:
        raise TransitionRefused(
            f"{issue} was edited last by you, and {letter.title} wants another to approve it: ask somebody who may"
        )


def schedule(
    ctx: Context,
    issue: Issue,
    at: datetime | None = None,
    only: tuple[Issue.Status, ...] = (),
    *,
    local_time: bool | None = None,
    undo: timedelta = timedelta(),
) -> None:
    """Set when an approved issue is sent: its due date unless another is given, and now if that has passed.

    With `local_time`, when it is that time of day where each reader lives; unless it is said, as it was set before, or
    else as config.yaml has it. Where it has passed everywhere, all get it now. `undo` is how long whoever says so may
    think better of it: it does not begin before.
    """
    wanted, soonest = at or issue.due_at, ctx.clock() + undo
    hours = hours_of(ctx.config, issue, wanted) if _local(ctx.config, issue, local_time) else None
    how: dict[str, Any] = {"send_at": max(wanted, soonest), "local_time": False, "starts_at": None}
    if hours and hours.last > soonest:
        first = max(hours.first, soonest) if undo else hours.first
        how = {"send_at": wanted, "local_time": True, "starts_at": first}
    issue.go(Issue.Status.SCHEDULED, only=only, reason="", **how)


def unschedule(ctx: Context, issue: Issue, reason: str = "taken off the schedule by hand") -> None:
    """Take an issue off the schedule; it stays approved, and what it was scheduled for is remembered."""
    issue.stop(Issue.Status.APPROVED, reason, ctx.clock(), only=(Issue.Status.SCHEDULED,))


def stop(ctx: Context, issue: Issue, by: str = "hand") -> None:
    """Stop the presses: take a scheduled issue off the schedule; pause it if sending has begun, even just now."""
    try:
        unschedule(ctx, issue, f"taken off the schedule by {by}")
    except TransitionRefused:
        pause(ctx, issue, f"paused by {by}")


def go_on(ctx: Context, issue: Issue) -> None:
    """Undo that: resume it, or schedule it for when it was meant; where that has passed, for now, after `send.undo`."""
    if issue.status == Issue.Status.PAUSED:
        resume(ctx, issue)
    else:
        schedule(ctx, issue, issue.send_at, only=(Issue.Status.APPROVED,), undo=ctx.config.send.undo)


def _local(config: Config, issue: Issue, said: bool | None) -> bool:
    if issue.variants:
        if said:
            raise TransitionRefused(f"{issue} has variants: its readers get them at the same time, not at their own")
        return False
    if said is not None or issue.send_at is not None:
        return issue.local_time if said is None else said
    letter = config.newsletters.get(issue.newsletter)
    return bool(letter and letter.schedule and letter.schedule.local_time)


# ── send ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def start_due_issues(ctx: Context) -> None:
    """Freeze the audience of scheduled issues whose time has come, and begin sending them."""
    for issue in Issue.to_start(ctx.clock()):
        with _apart(issue):
            # Where its clock is wrong, this machine must not begin what the others would hold.
            late = ahead(timezone.now()) if issue.local_time else timedelta(0)
            send.start(ctx.config, issue, ctx.clock() - late)
            file_away(ctx)


def send_messages(ctx: Context) -> None:
    """Send what is due of the issues being sent, a few sheets of each in turn; several workers may do so at once."""
    send.recover(ctx.config, ctx.clock())
    if lapsed := Message.lapse(ctx.clock(), ctx.config.send.lease):
        log.warning("%d messages are uncertain: their process stopped before the answer came", lapsed)
    issues, retry = list(Issue.to_send(ctx.clock())), ctx.config.send.retry
    for issue in issues:
        Message.bring_back(issue, ctx.clock(), retry.first, retry.longest)
    if not send.machine.look(ctx.config, issues, ctx.clock()) or not issues:
        return
    with send.Lane(ctx.config, ctx.key, ctx.clock, ctx.stop) as lane:
        more = True
        while more:
            more = False
            for issue in Issue.to_send(ctx.clock()):
                more |= _send_some(lane, issue)


def _send_some(lane: send.Lane, issue: Issue) -> bool:
    """Send a few sheets of an issue; say whether there may be more to do."""
    more = False
    with _apart(issue):
        more = not lane.stop.is_set() and send.send_issue(lane, issue, sheets=SHEETS)
    return more


def send_test(ctx: Context, issue: Issue, emails: Iterable[str], letter: str = "") -> list[Any]:
    """Send copies of an issue as it stands now, or of a variant of it, marked as a test and counted nowhere."""
    return chores.testing.send_copies(ctx.config, ctx.key, issue, emails, ctx.clock(), letter)


def do_chores(ctx: Context) -> None:
    """Do what staff have asked for at the desk: test mails, visits to sources, looks at senders, pages fetched."""
    chores.carry_on(ctx.config, ctx.key, ctx.clock, ctx.stop)


def pause(ctx: Context, issue: Issue, reason: str = "paused by hand") -> None:
    """Stop sending after the messages that are on the wire."""
    issue.stop(Issue.Status.PAUSED, reason, ctx.clock())


def resume(ctx: Context, issue: Issue) -> None:
    """Go on where a paused issue stopped, with the same audience; freeze it first if it was empty."""
    send.resume(ctx.config, issue, ctx.clock())


def let_go_on(ctx: Context, issue: Issue) -> list[str]:
    """Let transports of an issue that is being sent go on which had stopped; return their names."""
    return send.let_go_on(ctx.config, issue, ctx.clock())


def cancel(ctx: Context, issue: Issue, reason: str = "cancelled by hand") -> None:
    """Give an issue up. What has been sent stays sent; if nothing was, its posts are free for the next one."""
    issue.go(Issue.Status.CANCELLED, reason=reason, finished_at=ctx.clock())


def retry_failed(ctx: Context, issue: Issue, numbers: Collection[int] | None = None, saying: str = "") -> int:
    """Send again what failed, or those of these messages, or of one reason; return how many. A sent issue goes on."""
    return repairing.retry(issue, numbers, saying)


def settle_uncertain(ctx: Context, issue: Issue, way: str, by: str, numbers: Collection[int] | None = None) -> int:
    """Do what a person decides about messages whose answer was lost: `resend`, `give_up` or `arrived`."""
    if way == "resend":
        return repairing.resend(issue, numbers)
    if way == "give_up":
        return repairing.give_up(issue, by, numbers)
    return repairing.arrived(issue, by, ctx.clock(), numbers)


def send_notices(ctx: Context) -> None:
    """Send the mails to one person each that are due: sign-in links, answers, and whatever else was asked for."""
    if lapsed := Notice.lapse(ctx.clock()):
        log.warning("%d service mails are uncertain: their process stopped before the answer came", lapsed)
    for name in Notice.waiting(ctx.clock()):
        if name in ctx.config.newsletters:
            with _apart(f"the service mails of {name}"):
                send.send_notices(ctx.config, ctx.key, name, render.service_mail, ctx.clock, ctx.stop)


# ── readers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def do_errands(ctx: Context) -> None:
    """Do what readers asked for on a page: whoever asks is answered at once, the same whoever they are."""
    for errand in Errand.due(ctx.clock()):
        try:
            errands.carry_out(ctx.config, ctx.key, errand, ctx.clock())
        except Exception:
            log.exception("%s failed, and is tried again in a minute", errand)
            errand.put_off(ctx.clock())
        if ctx.stop.is_set():
            return


# ── archive ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def file_away(ctx: Context) -> None:
    """Let the stories of public issues be found by words, tags and authors, those that cannot be yet."""
    for issue in Entry.missing():
        with _apart(issue):
            Entry.write(issue, render.texts(issue, ctx.config))
        if ctx.stop.is_set():
            return


# ── the audience ─────────────────────────────────────────────────────────────────────────────────────────────────────


def run_imports(ctx: Context) -> None:
    """Carry on the files of people that are on their way in, one after another."""
    while not ctx.stop.is_set() and importing.carry_on(ctx.stop, ctx.clock):
        pass


def keep_indexes(ctx: Context) -> None:
    """Make the indexes that segments and searches ask, and drop those that none needs."""
    indexes.agree()
    if not importing.under_way():
        lookup.mend()


def change_many(ctx: Context) -> None:
    """Go on with what staff have begun to do to many people at once."""
    bulk.work(ctx.clock, ctx.stop)


def count_growth(ctx: Context) -> None:
    """Count up by day who joined and left, for the page that shows how lists grow."""
    tallying.work(timezone.get_default_timezone(), ctx.stop.is_set)


# ── track ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def fetch_replies(ctx: Context) -> None:
    """Bring in what has come to the mailbox of replies in config.yaml, if it names one; `ingest` sees to it."""
    replies = ctx.config.track.replies
    track.mail.fetch(replies.imap, replies.max_bytes, ctx.clock, ctx.stop)


def fetch_bounces(ctx: Context) -> None:
    """The same of the mailbox of bounces."""
    bounces = ctx.config.track.bounces
    track.mail.fetch(bounces.imap, bounces.max_bytes, ctx.clock, ctx.stop)


def ingest(ctx: Context) -> None:
    """Make of what providers posted and mail servers wrote what it tells; several workers may do so at once."""
    track.ingest_payloads(ctx.config, ctx.clock, ctx.stop)


def judge(ctx: Context) -> None:
    """Look a second time at opens and clicks of a minute ago, with all that has happened around them."""
    track.judge(ctx.config, ctx.clock, ctx.stop.is_set)


def watch(ctx: Context) -> None:
    """Tell staff what is odd about what came back of the latest issues."""
    track.watch(ctx.config, ctx.clock())


def let_go(ctx: Context) -> None:
    """Ask who shows no sign of life whether to go on, and stop writing to those who did not answer."""
    track.sunset(ctx.config, ctx.key, ctx.clock(), ctx.stop)


def roll_up(ctx: Context) -> None:
    """Count in the background what reports tell of large issues and of whole newsletters."""
    track.roll_up(ctx.config, ctx.clock, ctx.stop.is_set)


def decide_trials(ctx: Context) -> None:
    """Find the winners of A/B tests whose wait is over; the rest of the readers gets them."""
    track.decide_trials(ctx.clock, ctx.stop.is_set)


def choose_variant(ctx: Context, trial: Trial, letter: str, by: Any = None) -> bool:
    """Let the rest get this variant, before the wait is over too; say whether nobody had decided before."""
    return track.choose(trial, letter, by, ctx.clock())


def tell_staff(ctx: Context) -> None:
    """Have staff written to with an issue's main figures, a day after it was sent."""
    if ctx.config.track.report_mail:
        track.tell_staff(ctx.config, ctx.clock())


def tidy(ctx: Context) -> None:
    """Drop what has served its time, so that nothing grows without end."""
    now = ctx.clock()
    SignIn.forget(now)
    Turn.forget(now - timedelta(days=1))
    Reply.forget_unconfirmed(now - timedelta(days=7))
    Rejected.forget(now - ctx.config.track.replies.keep_rejected)
    track.tidy_payloads(ctx.config, now)
    track.mail.forget(now, ctx.config.track.bounces.keep)
    Notice.forget(now - timedelta(days=90))
    Errand.forget(now - timedelta(days=1))
    Chore.forget(now)
    deeds.forget(now - timedelta(days=90))
    Session.objects.filter(expire_date__lt=now).delete()
    Spooled.forget(now - timedelta(days=90))
    LinkCheck.forget(now - max(timedelta(days=30), ctx.config.compose.preflight.keep_links))
    unconfirmed = now - ctx.config.audience.subscribe.valid
    forget_unconfirmed(unconfirmed, now)
    # What was sent to those who never confirmed names them as much as a row of theirs would.
    Notice.forget(unconfirmed, Notice.Kind.CONFIRM)
    bulk.forget(now)
    importing.forget(now - ctx.config.audience.imports.keep)
    track.forget(ctx.config, now, ctx.stop.is_set)


# ── the jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Job:
    """A piece of work, how often it is looked for, and how many may do it side by side: one, unless `lanes` says."""

    name: str
    run: Callable[[Context], object]
    every: Callable[[Config], timedelta]
    at_cut_offs: bool = False
    lanes: Callable[[Config], int] | None = None


JOBS = (
    Job("collect", collect_sources, every=lambda config: config.collect.every),
    # At the very moment of each cut-off; and every half minute, for what was missed or could not go on.
    Job("compose", draw_up_issues, every=lambda config: timedelta(seconds=30), at_cut_offs=True),
    Job("preflight", run_checks, every=lambda config: timedelta(seconds=2)),
    Job("start", start_due_issues, every=lambda config: timedelta(seconds=2)),
    Job("send", send_messages, every=lambda config: timedelta(seconds=2), lanes=lambda config: config.send.workers),
    Job("errands", do_errands, every=lambda config: timedelta(seconds=2)),
    # Two: whoever waits for a test mail does not wait for a slow source as well.
    Job("chores", do_chores, every=lambda config: timedelta(seconds=1), lanes=lambda config: CHORES),
    Job("notices", send_notices, every=lambda config: timedelta(seconds=2)),
    Job("imports", run_imports, every=lambda config: timedelta(seconds=2)),
    Job("bulk", change_many, every=lambda config: timedelta(seconds=2)),
    Job("archive", file_away, every=lambda config: timedelta(seconds=30)),
    Job("replies", fetch_replies, every=lambda config: config.track.replies.imap.every),
    Job("bounces", fetch_bounces, every=lambda config: config.track.bounces.imap.every),
    Job("ingest", ingest, every=lambda config: timedelta(seconds=1), lanes=lambda config: INGESTERS),
    Job("judge", judge, every=lambda config: timedelta(seconds=15)),
    Job("watch", watch, every=lambda config: timedelta(minutes=5)),
    Job("roll_up", roll_up, every=lambda config: timedelta(seconds=30)),
    Job("trials", decide_trials, every=lambda config: timedelta(seconds=20)),
    Job("report", tell_staff, every=lambda config: timedelta(minutes=5)),
    Job("fields", lambda ctx: converting.work(ctx.stop.is_set), every=lambda config: timedelta(seconds=5)),
    Job("indexes", keep_indexes, every=lambda config: timedelta(seconds=30)),
    Job("growth", count_growth, every=lambda config: timedelta(seconds=10)),
    Job("sunset", let_go, every=lambda config: timedelta(days=1)),
    Job("tidy", tidy, every=lambda config: timedelta(hours=1)),
)


def job(name: str) -> Job:
    """The job of this name."""
    return next(one for one in JOBS if one.name == name)
