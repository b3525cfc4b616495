"""Carrying checks out: at once what asks nobody else, then link by link, each step kept so that a page can show it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Event

from newsletter.config import Config
from newsletter.models import Issue, LinkCheck, Preflight
from newsletter.preflight import checks, links
from newsletter.preflight.findings import Finding
from newsletter.preflight.outside import Means, ask
from newsletter.preflight.proof import Proof, pull
from newsletter.render import RenderError

log = logging.getLogger(__name__)

AT_A_TIME = 24
"""Links between two words of progress."""
AT_ONCE = 10
"""Issues in review that are looked at by themselves."""
LATELY = timedelta(days=60)
_ANEW = timedelta(minutes=1)
Outcome = LinkCheck.Outcome
_GOOD = (Outcome.FINE, Outcome.MOVED)


def want(issue: Issue, config: Config, key: str, now: datetime) -> Preflight:
    """Have an issue looked at as it stands; a job does it. Raises RenderError."""
    return Preflight.want(issue, pull(issue, config, key, now).digest, now)


def want_for_review(config: Config, key: str, now: datetime) -> None:
    """Have the issues looked at that wait for somebody's approval, each state of them once."""
    waiting = Issue.objects.filter(
        status__in=(Issue.Status.DRAFT, Issue.Status.IN_REVIEW), newsletter__in=config.newsletters,
        due_at__gt=now - LATELY,
    )  # fmt: skip
    for issue in waiting.order_by("-due_at")[:AT_ONCE]:
        try:
            want_once(pull(issue, config, key, now))
        except RenderError as error:
            log.debug("%s cannot be checked: %s", issue, error)


def want_once(proof: Proof) -> None:
    """Have this state looked at if it never was."""
    if not proof.issue.preflights.filter(digest=proof.digest).exists():
        Preflight.want(proof.issue, proof.digest, proof.now)


def waits(issue: Issue, config: Config, key: str, now: datetime) -> bool:
    """Whether an issue that approves itself had better wait, for its links are being looked at and there is time.

    Raises RenderError.
    """
    settings = config.compose.preflight
    if not settings.links or now >= min(issue.due_at, issue.created_at + settings.patience):
        return False
    proof = pull(issue, config, key, now)
    urls = [one.url for one in links.wanted(proof)]
    if len(LinkCheck.known(urls, now - settings.keep_links)) == len(urls):
        return False
    want_once(proof)
    return True


def carry_on(
    config: Config, key: str, clock: Callable[[], datetime], stop: Event, look: links.Looker = links.look,
    means: Means | None = None,
) -> None:  # fmt: skip
    """Carry out what is wanted; several workers may do so at once, each with other issues."""
    for row in Preflight.waiting().select_related("issue")[:20]:
        if stop.is_set():
            return
        if row.take(clock()):
            try:
                _carry_out(row, config, key, clock, stop, look, means or Means())
            except Exception:
                # The lease ends, and somebody tries again; one issue's fault is no other's business.
                log.exception("%s failed", row)


def _carry_out(
    row: Preflight, config: Config, key: str, clock: Callable[[], datetime], stop: Event, look: links.Looker,
    means: Means,
) -> None:  # fmt: skip
    try:
        proof = pull(row.issue, config, key, clock())
    except RenderError as error:
        row.tell(clock(), findings=[unrendered(error).facts()], links=[], checked_at=clock())
        row.finish(clock())
        return
    if proof.digest != row.digest:
        # It has changed since it was asked for: what it is now is what is wanted.
        row.delete()
        want_once(proof)
        return
    complete(row, proof, clock, stop, look, means)


def complete(
    row: Preflight, proof: Proof, clock: Callable[[], datetime], stop: Event | None = None,
    look: links.Looker = links.look, means: Means | None = None,
) -> None:  # fmt: skip
    """Look at everything, in this thread, and keep it."""
    settings = proof.config.compose.preflight
    found, wanted = checks.look(proof), links.wanted(proof) if settings.links else []
    row.tell(clock(), findings=[one.facts() for one in found], links=[list(one) for one in wanted], looked=0,
             checked_at=clock())  # fmt: skip
    for looked in _looked(proof, [one.url for one in wanted], clock, look):
        row.tell(clock(), looked=looked)
        if stop is not None and stop.is_set():
            return
    if settings.links:
        row.tell(clock(), outside=[one.facts() for one in ask(proof, means or Means())])
    row.finish(clock())


def _looked(proof: Proof, urls: Sequence[str], clock: Callable[[], datetime], look: links.Looker) -> Iterator[int]:
    """How many have been looked at, again and again until it is all; what was well of late is not looked at again."""
    settings = proof.config.compose.preflight
    known = LinkCheck.known(urls, clock() - settings.keep_links)
    left = [url for url in urls if not _is_fresh(known.get(url), clock())]
    done = len(urls) - len(left)
    for start in range(0, len(left), AT_A_TIME):
        LinkCheck.tell(found := look(left[start : start + AT_A_TIME], settings, clock))
        done += len(found)
        yield done


def _is_fresh(known: LinkCheck | None, now: datetime) -> bool:
    return known is not None and (known.outcome in _GOOD or known.at > now - _ANEW)


def offline(proof: Proof) -> list[Finding]:
    """What can be said without asking anybody: the checks, and what is known of links. Nothing is kept."""
    return [*checks.look(proof), *links.findings(links.wanted(proof), proof.config.compose.preflight, proof.now)]


def unrendered(error: RenderError) -> Finding:
    """That there is no mail to look at."""
    return Finding("render", str(error), "mend what is named there", "the mail")
