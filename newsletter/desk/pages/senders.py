"""Senders: from which addresses we write and by which ways; whether receivers can trust them, and what they may do.

A look at name servers, our site and the transports is a chore: the page shows what the last one found, and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from newsletter import roles
from newsletter.config import Config, Newsletter, SendGrid, Smtp, Transport
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Chore, Issue, Preflight, Slot, TransportState, deeds
from newsletter.preflight import Finding
from newsletter.preflight.outside.sender import domain_of
from newsletter.send import limits
from newsletter.settings import current

SEE, LOOK, STEER = "newsletter.view_issue", "newsletter.change_issue", "newsletter.send_issue"
WELL, ODD, UNKNOWN = "well", "odd", "not known"
COLOURS = {WELL: "success", ODD: "warning", UNKNOWN: "default"}
_RECORDS = (
    ("SPF", "sender-spf", "Says which servers may send for the domain that bounces go to."),
    ("DKIM", "sender-dkim", "The key by which receivers check that nobody has changed a mail."),
    ("DMARC", "sender-dmarc", "Tells receivers what to do with mail that fails both; the big ones ask for it."),
    ("Certificate of our site", "site-tls", "Links in mails lead there, and one-click unsubscribe."),
)
_NO_ANSWER = ("sender-reserved", "sender-unknown")


class Standing(NamedTuple):
    """How one thing about a sender stands: what it is, what for, a word, and if it is not well, why and what to do."""

    title: str
    means: str
    state: str
    what: str = ""
    do: str = ""

    @property
    def colour(self) -> str:
        """The word's."""
        return COLOURS[self.state]


@dataclass(frozen=True)
class Looked:
    """What was found when somebody, or the checks of an issue, looked last."""

    at: datetime
    findings: list[Finding]
    ways: dict[str, str]
    by: str


@dataclass(frozen=True)
class Sender:
    """A newsletter as those who receive its mail see it."""

    name: str
    letter: Newsletter
    domain: str
    looked: Looked | None
    running: Chore | None
    fault: str
    standings: list[Standing]
    latest: Issue | None
    may_look: bool
    key: UUID = field(default_factory=uuid4)
    """Of a test to oneself: pressed twice, it is sent once."""

    @classmethod
    def of(cls, config: Config, name: str, user: Any) -> Sender:
        """As it stands."""
        letter = config.newsletters[name]
        chore = Chore.latest(Chore.Kind.LOOK, name)
        looked = _looked(name, chore)
        return cls(
            name, letter, domain_of(letter.sender.address), looked,
            chore if chore and not chore.is_done else None, chore.fault if chore else "",
            list(_standings(config, letter, looked)),
            Issue.objects.filter(newsletter=name, items__isnull=False).order_by("-due_at").first(),
            roles.may(user, LOOK, name),
        )  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A transport: what it speaks, what for, what it may do, and what it does now."""

    name: str
    kind: str
    place: str
    encrypted: str
    used_by: list[str]
    limits: str
    open: int
    rest: str
    stopped: bool
    fault: str | None
    """What kept it from working when somebody looked; None if nobody has."""
    may_wake: bool


@staff_page(SEE)
def senders(request: HttpRequest) -> HttpResponse:
    """All of them that somebody has to do with; or the part that changes, for a page that looks again by itself."""
    context = _context(request)
    if "HX-Request" in request.headers:
        answer = render(request, "senders_found.html", context)
    else:
        answer = desk_page(request, "senders.html", "Senders", **context)
    answer["Cache-Control"] = "no-store"
    return answer


@staff_page(LOOK, posts=True)
def look(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Have a sender looked at; a job does it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if newsletter not in current().newsletters:
        raise Http404(f"config.yaml has no newsletter '{newsletter}'")
    Chore.ask_once(Chore.Kind.LOOK, newsletter, timezone.now(), request.user)
    return SeeOther(f"{reverse('desk-senders')}#{newsletter}")


@staff_page(STEER, posts=True)
def wake(request: HttpRequest) -> HttpResponse:
    """Let a transport go on that has stopped until a person says so, and the issues that wait for it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    config, name = current(), request.POST.get("transport", "")
    if name not in config.transports:
        raise Http404(f"config.yaml has no transport '{name}'")
    if not roles.among(request.user, STEER, _users(config, name)):
        raise PermissionDenied
    if limits.resume(name):
        waiting = Issue.objects.filter(status=Issue.Status.SENDING, newsletter__in=_users(config, name))
        waiting.exclude(reason="").update(reason="", retry_at=None)
        deeds.say(TransportState.objects.get(pk=name), f"{name}: let go on")
        messages.success(request, f"{name} goes on.")
    else:
        messages.info(request, f"{name} did not rest any more.")
    return SeeOther(reverse("desk-senders"))


def _context(request: HttpRequest) -> dict[str, Any]:
    config = current()
    names = roles.among(request.user, SEE, config.newsletters)
    found = [Sender.of(config, name, request.user) for name in names]
    used = dict.fromkeys(way for name in names for way in config.transports_of(name))
    said = {way: fault for one in found if one.looked for way, fault in one.looked.ways.items()}
    return {
        "senders": found, "ways": [_way(config, name, request.user, said) for name in used],
        "running": any(one.running for one in found), "any": bool(config.newsletters),
    }  # fmt: skip


def _looked(name: str, chore: Chore | None) -> Looked | None:
    """The last look that is over: staff's own, or that of the latest checks of an issue, whichever is later."""
    done = Chore.objects.filter(kind=Chore.Kind.LOOK, subject=name, fault="", done_at__isnull=False).first()
    checks = (
        Preflight.objects.filter(issue__newsletter=name, done_at__isnull=False).exclude(outside=[])
        .only("outside", "done_at", "issue").order_by("-done_at").first()
    )  # fmt: skip
    if done and done.done_at and (checks is None or checks.done_at is None or done.done_at >= checks.done_at):
        return Looked(done.done_at, _findings(done.found.get("findings", [])), done.found.get("ways", {}), "")
    if checks and checks.done_at:
        return Looked(checks.done_at, _findings(checks.outside), {}, "the checks of an issue")
    return None


def _findings(facts: list[dict[str, Any]]) -> list[Finding]:
    wanted = (*_NO_ANSWER, *(code for _, code, _ in _RECORDS))
    return [Finding.of(one) for one in facts if one["code"] in wanted]


def _standings(config: Config, letter: Newsletter, looked: Looked | None) -> Any:
    """SPF, DKIM, DMARC and the certificate, each with a word."""
    found = {one.code: one for one in looked.findings} if looked else {}
    silent = next((found[code] for code in _NO_ANSWER if code in found), None)
    https = urlsplit(config.site.url).scheme == "https"
    for title, code, means in _RECORDS:
        if one := found.get(code):
            yield Standing(title, means, ODD, one.what, one.do)
        elif looked is None:
            yield Standing(title, means, UNKNOWN, "Nobody has looked yet")
        elif code == "site-tls" and not https:
            yield Standing(title, means, UNKNOWN, "site.url begins with http://", "set an address with https")
        elif code != "site-tls" and silent:
            yield Standing(title, means, UNKNOWN, silent.what, silent.do)
        elif code == "sender-dkim" and not letter.sender.dkim_selector:
            yield Standing(
                title, means, UNKNOWN, "config.yaml does not say under which name the key is published",
                "set sender.dkim_selector to what your relay or provider shows",
            )  # fmt: skip
        else:
            yield Standing(title, means, WELL)


def _users(config: Config, way: str) -> list[str]:
    """The newsletters that a transport may carry."""
    return [name for name in config.newsletters if way in config.transports_of(name)]


def _way(config: Config, name: str, user: Any, said: dict[str, str]) -> Way:
    settings, now = config.transports[name], timezone.now()
    rests = limits.resting([name], now)
    until, reason = rests.get(name, (None, ""))
    words = f"rests until {timezone.localtime(until):%H:%M:%S %Z}: {reason}" if until else f"stopped: {reason}"
    users = _users(config, name)
    return Way(
        name=name, kind=settings.kind, place=_place(config, name, settings), encrypted=_encrypted(settings),
        used_by=[config.newsletters[one].title for one in roles.among(user, SEE, users)],
        limits=limits.in_words(config, name, now), open=len(Slot.held(name, now, config.send.lease)),
        rest=words if name in rests else "", stopped=name in rests and until is None, fault=said.get(name),
        may_wake=bool(roles.among(user, STEER, users)),
    )  # fmt: skip


def _place(config: Config, name: str, settings: Transport) -> str:
    if isinstance(settings, Smtp):
        return f"{settings.host}, port {settings.port}" if settings.host else "no host is set"
    if isinstance(settings, SendGrid):
        return urlsplit(settings.host).netloc
    return f"files in {config.outbox_of(name).name}/, for trying things out: nothing leaves this machine"


def _encrypted(settings: Transport) -> str:
    if isinstance(settings, Smtp):
        return {"none": "not encrypted", "starttls": "TLS after a plain greeting", "tls": "TLS from the start"}[
            settings.security
        ]
    return "TLS" if isinstance(settings, SendGrid) else ""
