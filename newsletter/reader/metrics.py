"""The numbers that Prometheus asks for. All of them come from the database, which every process shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from newsletter.config import Config
from newsletter.models import Beat, Issue, Notice, Slot, TransportState
from newsletter.models.progress import Progress, progress
from newsletter.models.watching import oldest_due
from subscribers.limits import TooLong, within

AFTER = timedelta(hours=1)
"""For so long after its end an issue's numbers are told, so that the last of them are not missed."""
MOST = 20
"""Issues that are told of at once, the latest first."""


def exposition(config: Config, patience: float) -> tuple[bytes, str]:
    """The numbers as text, and the type of that text; what the database does not say in time is left out."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(Numbers(config, patience))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class Numbers:
    """What is asked of the database, anew for each scrape."""

    def __init__(self, config: Config, patience: float) -> None:
        self._config, self._patience = config, patience

    def collect(self) -> Iterator[Metric]:
        """Every number, and whether all of them are there."""
        complete = GaugeMetricFamily("newsletter_scrape_complete", "1 if the database said everything in time.")
        try:
            with within(self._patience):
                yield from list(_all(self._config, timezone.now()))
            complete.add_metric([], 1)
        except (TooLong, DatabaseError):
            complete.add_metric([], 0)
        yield complete


def _all(config: Config, now: datetime) -> Iterator[Metric]:
    yield from _sending(config, now)
    yield from _transports(config, now)
    yield _family("newsletter_issues", "Issues by status.", ["status"], _by_status())
    halted = Issue.halted().count()
    yield _family("newsletter_issues_halted", "Issues that stopped themselves.", [], [((), halted)])
    waiting = Notice.objects.filter(state=Notice.State.PENDING).count()
    yield _family("newsletter_service_mails_pending", "Service mails that are to go.", [], [((), waiting)])
    beats = list(Beat.objects.all())
    last = [((one.job,), one.at.timestamp()) for one in beats]
    yield _family("newsletter_job_last_run_timestamp_seconds", "When each job last ended.", ["job"], last)
    took = [((one.job,), one.seconds) for one in beats]
    yield _family("newsletter_job_duration_seconds", "How long each job's last run took.", ["job"], took)
    failing = [((one.job,), float(bool(one.fault))) for one in beats]
    yield _family("newsletter_job_failing", "1 if the job's last run failed.", ["job"], failing)


def _transports(config: Config, now: datetime) -> Iterator[Metric]:
    names = config.used_transports
    rests = TransportState.resting(names, now)
    resting = [((name,), float(name in rests)) for name in names]
    yield _family("newsletter_transport_resting", "1 while a transport rests after a failure.", ["transport"], resting)
    stopped = [((name,), float(name in rests and rests[name].stopped)) for name in names]
    yield _family("newsletter_transport_stopped", "1 while it rests until a person resumes.", ["transport"], stopped)
    lease = config.send.lease
    held = [((name,), float(len(Slot.held(name, now, lease)))) for name in names]
    yield _family("newsletter_transport_connections", "Connections in somebody's hands.", ["transport"], held)


def _sending(config: Config, now: datetime) -> Iterator[Metric]:
    told = {
        issue: progress(
            issue, config.transport_of(issue.newsletter), now, reasons=False,
            possible=config.transports_of(issue.newsletter),
        )
        for issue in _issues(now)
    }  # fmt: skip
    yield _family(
        "newsletter_messages", "Messages by issue, transport and state.", ["issue", "transport", "state"],
        [((str(issue), way.name, state), n) for issue, one in told.items() for way in one.ways
         for state, n in way.states.items()],
    )  # fmt: skip
    moving = {issue: one for issue, one in told.items() if issue.status == Issue.Status.SENDING}
    yield _family(
        "newsletter_send_rate", "Messages submitted in a second, over the last minute.", ["issue", "transport"],
        [((str(issue), way.name), way.rate) for issue, one in moving.items() for way in one.ways],
    )  # fmt: skip
    yield _family(
        "newsletter_lag_seconds", "How long the oldest message has been due.", ["issue"],
        [((str(issue),), _lag(issue, one, now)) for issue, one in moving.items()],
    )  # fmt: skip
    resting = [((str(issue),), float(bool(issue.retry_at and issue.retry_at > now))) for issue in moving]
    yield _family("newsletter_issue_resting", "1 while an issue waits for its transport.", ["issue"], resting)


def _issues(now: datetime) -> Iterable[Issue]:
    live = Q(status__in=(Issue.Status.SENDING, Issue.Status.PAUSED))
    return Issue.objects.filter(live | Q(finished_at__gte=now - AFTER)).order_by("-started_at", "-pk")[:MOST]


def _lag(issue: Issue, told: Progress, now: datetime) -> float:
    since = oldest_due(issue, now) if told.open else None
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _by_status() -> list[tuple[tuple[str, ...], float]]:
    found = dict(Issue.objects.order_by().values_list("status").annotate(Count("pk")))
    return [((status,), found.get(status, 0)) for status in Issue.Status.values]


def _family(name: str, told: str, labels: list[str], samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for values, number in samples:
        family.add_metric(list(values), number)
    return family
