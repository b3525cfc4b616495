"""What cannot work together in `send`: transports that lack something, and names of transports that there are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newsletter.config.problems import Found, Location, nearest
from newsletter.config.schema import Config
from newsletter.config.sending import Outbox, SendGrid, Smtp

_TLS_PORT = 465
_BUILT_IN = ("outbox", "smtp", "sendgrid")


def contradictions(config: Config) -> Found:
    """Every contradiction among transports and routes; a transport that nothing uses need not be complete."""
    yield from _names(config)
    yield from _unreached(config)
    for name in config.used_transports:
        if settings := config.transports.get(name):
            yield from _incomplete(place_of(name), settings)
    if config.send.retry.first > config.send.retry.longest:
        yield ("send", "retry", "first"), "the first wait is more than `longest`", ""


def place_of(name: str) -> Location:
    """Where the settings of a transport stand."""
    return ("send", name) if name in _BUILT_IN else ("send", "transports", name)


def _names(config: Config) -> Found:
    known = list(config.transports)
    for place, name in _named(config):
        if name not in known:
            yield place, f"there is no transport '{name}'", nearest(name, known) or f"there are: {', '.join(known)}"
    for index, route in enumerate(config.send.routes):
        for number, letter in enumerate(route.newsletters):
            if letter not in config.newsletters:
                hint = (
                    nearest(letter, list(config.newsletters)) or f"there are: {', '.join(config.newsletters) or 'none'}"
                )
                yield ("send", "routes", index, "newsletters", number), f"there is no newsletter '{letter}'", hint
    for name in _BUILT_IN:
        if name in config.send.transports:
            hint = f"write its keys under `send.{name}`, or choose another name"
            yield ("send", "transports", name), f"the transport '{name}' is always there", hint


def _named(config: Config) -> Iterator[tuple[Location, str]]:
    """Every place that names a transport."""
    yield ("send", "transport"), config.send.transport
    yield from _each(("send", "failover"), config.send.failover)
    for index, route in enumerate(config.send.routes):
        place: Location = ("send", "routes", index)
        yield from (((*place, "to", name), name) for name in route.to)
        yield from _each((*place, "failover"), route.failover)
    for letter, settings in config.newsletters.items():
        if settings.transport:
            yield ("newsletters", letter, "transport"), settings.transport


def _each(place: Location, names: Sequence[str]) -> Iterator[tuple[Location, str]]:
    return (((*place, index), name) for index, name in enumerate(names))


def _unreached(config: Config) -> Found:
    """Routes after one that everything matches, and stand-ins for themselves alone."""
    for index, route in enumerate(config.send.routes):
        place: Location = ("send", "routes", index)
        if index and any(not (earlier.domains or earlier.newsletters) for earlier in config.send.routes[:index]):
            yield place, "a route before this one matches every message", "put this one before it"
        if set(route.failover) & set(route.to) and len(route.to) == 1:
            yield (*place, "failover"), "a transport cannot stand in for itself", ""


def _incomplete(place: Location, settings: Outbox | Smtp | SendGrid) -> Found:
    if isinstance(settings, Smtp):
        yield from _smtp(place, settings)
    if isinstance(settings, SendGrid) and not settings.api_key.get_secret_value():
        yield (*place, "api_key"), f"the {place[-1]} transport needs a key", _secret((*place, "api_key"))


def _smtp(place: Location, smtp: Smtp) -> Found:
    password = smtp.password.get_secret_value()
    if not smtp.host:
        yield (*place, "host"), f"the {place[-1]} transport needs a host", "such as smtp.example.org"
    if smtp.by_token:
        yield from _oauth(place, smtp)
    elif smtp.username and not password:
        yield (*place, "password"), "a user name needs a password", _secret((*place, "password"))
    if password and not smtp.username:
        yield (*place, "username"), "a password needs a user name", ""
    if smtp.port == _TLS_PORT and smtp.security != "tls":
        yield (*place, "security"), f"port {_TLS_PORT} speaks TLS from the first byte", "set `security: tls`"


def _oauth(place: Location, smtp: Smtp) -> Found:
    for key in ("token_url", "client_id"):
        if not getattr(smtp.oauth, key):
            yield (*place, "oauth", key), f"signing in with a token needs a {key}", "your provider tells which"
    if not (smtp.oauth.refresh_token.get_secret_value() or smtp.oauth.client_secret.get_secret_value()):
        needed = (*place, "oauth", "refresh_token")
        yield needed, "signing in with a token needs a refresh token or a client secret", _secret(needed)
    if not smtp.username:
        yield (*place, "username"), "signing in with a token needs the account's name", ""


def _secret(place: Location) -> str:
    variable = "NEWSLETTER_" + "__".join(str(part).replace("-", "_").upper() for part in place)
    return f"set {variable}, or …_FILE to a file that holds it"
