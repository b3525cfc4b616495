"""What is well formed, key by key, but cannot work together."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.config import ways
from newsletter.config.answers import Anymail
from newsletter.config.problems import Found, Location, Problem, dotted, nearest
from newsletter.config.schema import Config, Newsletter
from newsletter.config.source import Origins
from newsletter.config.tracking import AnymailEvents


def contradictions(config: Config, origins: Origins) -> Iterator[Problem]:
    """Every contradiction, with the place of the key that has to change."""
    for location, reason, hint in _found(config):
        yield Problem(dotted(location), reason, origins.find(location), hint)


def _found(config: Config) -> Found:
    for name, letter in config.newsletters.items():
        yield from _sources(config, ("newsletters", name), letter)
        yield from _sections(("newsletters", name), letter)
    yield from _seeds(config)
    yield from ways.contradictions(config)
    yield from _replies(config)
    yield from _mailboxes(config)
    yield from _captcha(config)
    yield from _sunset(config)


def _sources(config: Config, place: Location, letter: Newsletter) -> Found:
    known = list(config.collect.sources)
    for index, source in enumerate(letter.sources):
        if source not in known:
            hint = nearest(source, known) or f"under collect.sources there are: {', '.join(known) or 'none'}"
            yield (*place, "sources", index), f"there is no source '{source}'", hint


def _sections(place: Location, letter: Newsletter) -> Found:
    for index, section in enumerate(letter.sections):
        if not section.tags:
            yield (*place, "sections", index), f"the section “{section.title}” would stay empty", "give it `tags`"
    if letter.approval == "automatic" and letter.approval_by == "another":
        reason = "nobody is asked to approve an issue, so nobody else can be"
        yield (*place, "approval_by"), reason, "set `approval: required`"
    if letter.topics and letter.layout != "digest":
        yield (*place, "topics"), f"the layout '{letter.layout}' has no sections to leave out", "set `layout: digest`"
    least = sum(section.min for section in (*letter.sections, *filter(None, [letter.other])))
    if least > letter.max:
        yield (*place, "max"), f"the sections want at least {least} posts, an issue takes {letter.max}", ""


def _seeds(config: Config) -> Found:
    first: dict[str, Path] = {}
    for name, letter in config.newsletters.items():
        for index, ref in enumerate(letter.lists):
            if ref.seed and first.setdefault(ref.name, ref.seed) != ref.seed:
                place = ("newsletters", name, "lists", index, "seed")
                yield place, f"the list '{ref.name}' has another seed file already", "a list is seeded once"


def _replies(config: Config) -> Found:
    place: Location = ("track", "replies")
    yield from _anymail((*place, "anymail"), config.track.replies.anymail, "post mail in a reader's name")
    yield from _anymail(("track", "anymail"), config.track.anymail, "tell that mails had bounced")


def _mailboxes(config: Config) -> Found:
    for part, imap in (("replies", config.track.replies.imap), ("bounces", config.track.bounces.imap)):
        if imap.host and not (imap.username and imap.password.get_secret_value()):
            hint = f"set NEWSLETTER_TRACK__{part.upper()}__IMAP__PASSWORD, or …_FILE to a file that holds it"
            yield ("track", part, "imap", "password"), "the mailbox needs a user name and a password", hint
    letters = config.newsletters.values()
    for name, letter in config.newsletters.items():
        back = letter.sender.bounce_address or config.track.bounces.address
        if back and (letter.replies.address or "").lower() == back.lower():
            hint = "give bounces one of their own; both may lead to the same mailbox"
            yield ("newsletters", name, "replies", "address"), "bounces come to this address already", hint
    ours = config.track.bounces.address or any(one.sender.bounce_address or one.replies.address for one in letters)
    if config.track.smtp.listen and not ours:
        hint = "set `track.bounces.address`, or `replies.address` of a newsletter"
        yield ("track", "smtp", "listen"), "there is no address that it would take mail for", hint


def _anymail(place: Location, given: Anymail | AnymailEvents, harm: str) -> Found:
    if given.provider and not find_spec("anymail"):
        yield (*place, "provider"), "django-anymail is not installed", "pip install newsletter[anymail]"
    if given.provider and not (given.secret or given.settings):
        hint = f"without one, anybody could {harm}"
        yield (*place, "secret"), "the provider's posts need a secret or its signing key", hint
    if given.secret and ":" not in given.secret.get_secret_value():
        yield (*place, "secret"), "this must be USER:PASSWORD", "both of your choice"


def _captcha(config: Config) -> Found:
    parts = urlsplit(config.site.url)
    # Browsers calculate only where nobody can listen in, or on the machine itself.
    safe = parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
    if config.audience.subscribe.captcha != "none" and not safe:
        yield ("audience", "subscribe", "captcha"), "no browser solves a captcha over plain http", "serve it by https"


def _sunset(config: Config) -> Found:
    if config.audience.sunset.issues and not config.track.opens:
        hint = "set `track.opens: true`, or leave this out"
        yield ("audience", "sunset", "issues"), "where opens are not counted, most readers show no sign of life", hint
