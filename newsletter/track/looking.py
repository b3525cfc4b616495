"""Looking up where links lead, so that the door knows it when their first click comes."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import Error, connection
from django.db.models import QuerySet

from newsletter.models import Link
from newsletter.track.destination import location
from newsletter.track.ways import Destination, Known

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two looks for new links. An issue has its links as soon as it is rendered, long before it is sent."""
MOST = 200_000
"""Links that are known, the latest: 60 MB at most. Any other is asked for when it is clicked."""
_SLOW = 600.0
"""Seconds that a transaction which numbers links may take: the number before another's may be seen only later."""
_NEAR = 1000
"""How far before the highest number one may be that is still to come."""
_COUNT = 60.0
"""Seconds between two looks for links that are gone."""


class Looking:
    """Keeps what is known in step with the table of links."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._seen: list[tuple[float, int]] = []
        """When which number was the highest."""
        self._counted = 0.0

    def try_to_look(self, now: float) -> None:
        """Look, unless the database does not answer; what is known stays known."""
        try:
            self.look(now)
        except Error as error:
            log.debug("the database does not say where new links lead: %s", error)
            connection.close()

    def look(self, now: float) -> None:
        """Learn of new links, and from time to time whether any is gone; `now` in seconds of a clock that only goes on.

        Whatever stood in the file of an earlier process is looked up anew.
        """
        if not self._seen or (now - self._counted >= _COUNT and self._is_short(now)):
            self._all(now)
        else:
            self._latest(now)
        # What was asked for meanwhile is kept with it.
        self._known.keep()

    def _all(self, now: float) -> None:
        links = dict(_found(_rows(Link.objects.order_by("-pk"))[:MOST]))
        self._known.forget(set(self._known.numbers()) - set(links))
        self._counted = now
        # Links numbered just before may still be on their way, too.
        self._mark(now, max(links, default=0) - _NEAR)
        self._known.learn(links)

    def _latest(self, now: float) -> None:
        latest = list(Link.objects.filter(pk__gt=self._seen[0][1]).values_list("pk", flat=True))
        new = {number for number in latest if number not in self._known.numbers()}
        self._mark(now, max(latest, default=0))
        if new:
            self._known.learn(dict(_found(_rows(Link.objects.filter(pk__among=list(new))))))

    def _mark(self, now: float, highest: int) -> None:
        """Remember the highest number, and forget those of so long ago that nothing before them is still to come."""
        self._seen.append((now, max(highest, self._seen[-1][1] if self._seen else 0)))
        while len(self._seen) > 1 and now - self._seen[1][0] > _SLOW:
            del self._seen[0]

    def _is_short(self, now: float) -> bool:
        """Whether links that are known are in the table no more."""
        self._counted = now
        numbers = self._known.numbers()
        return bool(numbers) and Link.objects.filter(pk__gte=min(numbers)).count() < len(numbers)


def ask(known: Known, link: int) -> bool | None:
    """Ask the database for one link: whether there is one, which is known from then on; None if it does not answer."""
    try:
        found = dict(_found(_rows(Link.objects.filter(pk=link))))
    except Error as error:
        log.warning("a link is not known, and the database does not say where it leads: %s", error)
        return None
    finally:
        # Nobody else closes it in a thread that answers no page.
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
    known.learn(found)
    return bool(found)


def _rows(links: QuerySet[Link]) -> QuerySet[Link, tuple[int, int, str]]:
    return links.values_list("pk", "issue_id", "url")


def _found(rows: Iterable[tuple[int, int, str]]) -> Iterable[tuple[int, Destination]]:
    for number, issue, url in rows:
        try:
            yield number, Destination(issue, location(url))
        except ValueError:
            yield number, Destination(issue, "")
