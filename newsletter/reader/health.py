"""What machines that watch ask for: whether all is well, and the numbers behind it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.models import Hitch, Issue, watching
from newsletter.reader import metrics as numbers
from newsletter.send import machine
from newsletter.send.hindrance import hindrance
from newsletter.send.routes import Routes
from newsletter.settings import current
from newsletter.track import gate
from subscribers.limits import TooLong, within

OK = "ok"
BARRED = "these numbers are for this machine, and for who sends the token of site.metrics_token\n"
PATIENCE = 5.0
"""Seconds that the database may take for each question."""
_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Whether this process answers, and nothing else. Restarting it would bring no database back, and take away what
    still leads clicks on without one."""
    return HttpResponse(OK, "text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Whether all is well. It says what is not, and no more: anybody may ask."""
    checks = {"database": _database(), "hits": gate.fault() or OK}
    if checks["database"] == OK:
        try:
            with within(PATIENCE):
                checks |= _checks()
        except (TooLong, DatabaseError) as error:
            checks["database"] = f"the database does not answer in time: {type(error).__name__}"
    well = all(found == OK for found in checks.values())
    answer = JsonResponse({"status": OK if well else "failing", "checks": checks}, status=200 if well else 503)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers in Prometheus's format, for this machine itself and for whoever has the token."""
    if not _may_watch(request):
        return HttpResponse(BARRED, "text/plain", 403)
    text, kind = numbers.exposition(current(), PATIENCE)
    return HttpResponse(text, content_type=kind, headers={"Cache-Control": "no-store"})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"the database does not answer: {type(error).__name__}"
    return OK


def _checks() -> dict[str, str]:
    now = timezone.now()
    going = list(Issue.objects.filter(status=Issue.Status.SENDING))
    stuck = sum(_stuck(issue, now) for issue in going)
    waiting = sum(bool(hindrance(issue, Routes.of(current(), issue.newsletter), now).stopped) for issue in going)
    mute = Hitch.standing(now, machine.KIND).count()
    halted = Issue.halted().count()
    return {
        "clock": watching.clock_fault(now) or OK,
        "sending": f"{_issues(stuck)} stuck" if stuck else OK,
        "paused": f"{_issues(halted)} stopped by themselves, and wait for a person" if halted else OK,
        "transports": f"{_issues(waiting)} waiting in part for a transport that has stopped" if waiting else OK,
        "journals": f"{mute} of the machines can keep no journal, and send nothing" if mute else OK,
    }


def _stuck(issue: Issue, now: datetime) -> bool:
    config = current()
    names = config.transports_of(issue.newsletter)
    used = [config.transports[name] for name in names if name in config.transports]
    # What may go in an hour, or in a day, can have gone in its first minutes.
    waits = [timedelta(seconds=rate.seconds) for one in used for rate in one.rate]
    waits += [timedelta(days=1) for one in used if one.warm_up]
    return watching.stuck(issue, names, now, watching.STUCK + max(waits, default=timedelta(0)))


def _issues(number: int) -> str:
    return f"{number} issue{'' if number == 1 else 's'}"


def _may_watch(request: HttpRequest) -> bool:
    token = current().site.metrics_token
    given = request.headers.get("Authorization", "")
    if token and secrets.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        return True
    # What a proxy on this machine passes on comes from here too, and is not from here.
    passed_on = not current().site.behind_proxy and any(name in request.headers for name in _FORWARDED)
    return not passed_on and _is_here(request.META.get("REMOTE_ADDR", ""))


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
