"""The part of config.yaml that is about how messages leave: transports, routes, and trying again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr

from newsletter.config.rates import Rates, WarmUp
from newsletter.config.section import Section
from newsletter.config.values import BaseUrl, Called, Domain, Duration, Line, Slug, Span

Kind = Literal["outbox", "smtp", "sendgrid"]
TransportName = Slug


class Retry(Section):
    """When a message that was refused for the moment is tried again."""

    first: Span = Field(timedelta(minutes=1), description="wait before the second attempt; doubled each time")
    longest: Span = Field(timedelta(hours=6), description="no wait is longer than this")
    attempts: int = Field(10, ge=1, le=100, description="after so many attempts the message has failed")


class Breaker(Section):
    """When an issue pauses itself, because the answers are not about the readers any more."""

    share: int = Field(
        50, ge=5, le=100, description="percent of the latest answers; if so many are refusals, nothing more is sent"
    )
    window: int = Field(100, ge=10, le=10_000, description="how many of the latest answers are looked at")
    least: int = Field(10, ge=2, le=1000, description="refusals, or messages put off, below which nothing is concluded")
    patience: Span = Field(
        timedelta(minutes=15), description="how long a server may be out of reach before the issue waits for a person"
    )


class Transport(Section):
    """What every way out has, whatever its kind."""

    kind: Kind = Field(description="what it speaks; under `send.transports` this says which keys there are")
    connections: int = Field(1, ge=1, le=1000, description="open at once, over all workers on all machines")
    rate: Rates = Field((), description="no faster than this, such as `100 per second` or `[20/min, 5000 a day]`")
    warm_up: WarmUp = Field((), description="so many on the first day of sending, on the second …; then no such limit")


class Outbox(Transport):
    """Messages as files, for trying things out."""

    kind: Literal["outbox"] = Field("outbox", description="what it speaks")
    path: Path | None = Field(None, description="folder for the files; without one, `outbox` under `site.var`")


class OAuth(Section):
    """Access tokens for XOAUTH2: where they are fetched, and with what."""

    token_url: BaseUrl | None = Field(None, description="where access tokens are fetched")
    client_id: Line = Field("", description="the id that the provider gave this program")
    client_secret: SecretStr = Field(SecretStr(""), description="goes with it; better set from the environment")
    refresh_token: SecretStr = Field(
        SecretStr(""), description="speaks for the account; without one, the program asks in its own name"
    )
    scope: Line = Field("", description="what the token is for, where the provider wants to be told")


class Smtp(Transport):
    """A mail server that relays for us."""

    kind: Literal["smtp"] = Field("smtp", description="what it speaks")
    host: Line = Field("", description="name or address of the server; needed when this transport is used")
    port: int = Field(25, ge=1, le=65535, description="587 goes with `starttls`, 465 with `tls`")
    security: Literal["none", "starttls", "tls"] = Field(
        "none", description="whether the connection is encrypted: not at all, after a plain greeting, or from the start"
    )
    username: Line = Field("", description="without one we do not sign in")
    password: SecretStr = Field(SecretStr(""), description="goes with `username`; better set from the environment")
    auth: Literal["auto", "plain", "login", "cram-md5", "xoauth2"] = Field(
        "auto", description="how we sign in; `auto` takes what the server offers, and `xoauth2` where `oauth` is set"
    )
    oauth: OAuth = Field(OAuth(), description="for `xoauth2`, in place of the password")
    timeout: Span = Field(timedelta(seconds=60), description="how long the server may take for each answer")
    connections: int = Field(4, ge=1, le=1000, description="open at once, over all workers on all machines")
    messages_per_connection: int = Field(100, ge=1, description="then the connection is made anew; servers set limits")
    keep_alive: Duration = Field(
        timedelta(seconds=30), description="how long a connection without work is kept for more"
    )
    pipelining: Literal["auto", "commands", "off"] = Field(
        "auto", description="whether a message goes out before the last one's answer is here; see sending.md"
    )

    @property
    def by_token(self) -> bool:
        """Whether we sign in with an access token instead of a password."""
        return self.auth == "xoauth2" or (self.auth == "auto" and self.oauth.token_url is not None)


class SendGrid(Transport):
    """SendGrid's v3 API."""

    kind: Literal["sendgrid"] = Field("sendgrid", description="what it speaks")
    api_key: SecretStr = Field(
        SecretStr(""), description="needs the right “Mail Send”; better set from the environment"
    )
    host: BaseUrl = Field("https://api.sendgrid.com", description="`https://api.eu.sendgrid.com` for the EU region")
    timeout: Span = Field(timedelta(seconds=30), description="how long one call may take")
    connections: int = Field(2, ge=1, le=1000, description="calls at once, over all workers on all machines")
    per_call: int = Field(1000, ge=1, le=1000, description="recipients in one call")
    tracking: Literal["ours", "theirs"] = Field(
        "ours", description="whose opens and clicks count; `theirs` has SendGrid rewrite links and add a pixel"
    )


AnyTransport = Annotated[Outbox | Smtp | SendGrid, Field(discriminator="kind")]


def _weights(given: Any) -> Any:
    """`to: bulk` means `to: {bulk: 1}`, and `to: [main, bulk]` an equal share for each."""
    given = [given] if isinstance(given, str) else given
    return (
        dict.fromkeys(given, 1) if isinstance(given, list) and all(isinstance(name, str) for name in given) else given
    )


Weights = Annotated[
    dict[Slug, Annotated[int, Field(ge=1, le=1000)]], BeforeValidator(_weights), Called("name, or names with weights")
]


class Route(Section):
    """Which transports carry some of the messages. The first route that matches a message holds."""

    domains: tuple[Domain, ...] = Field(
        (), description="for readers at these, `*.example.org` for all below it; without any, for all readers"
    )
    newsletters: tuple[Slug, ...] = Field((), description="for these newsletters; without any, for all")
    to: Weights = Field(
        min_length=1, description="a transport; or several, each with its share, as `{main: 3, bulk: 1}`"
    )
    failover: tuple[Slug, ...] = Field(
        (), description="which may carry these while theirs is down, the first before the next"
    )

    def is_for(self, newsletter: str) -> bool:
        """Whether messages of this newsletter may match."""
        return not self.newsletters or newsletter in self.newsletters


class Send(Section):
    """How messages leave."""

    transport: TransportName = Field("outbox", description="the way out of every newsletter that names none")
    failover: tuple[Slug, ...] = Field((), description="which may carry messages without a route while theirs is down")
    routes: tuple[Route, ...] = Field(
        (), description="other ways for some readers or newsletters; the first match holds"
    )
    batch: int = Field(500, ge=1, le=10_000, description="messages a worker claims at a time, at most")
    workers: int = Field(4, ge=1, le=64, description="batches that one process sends side by side")
    lease: Span = Field(
        timedelta(minutes=5),
        description="how long a worker may be silent before its claim lapses; longer than one call may take",
    )
    undo: Duration = Field(
        timedelta(seconds=30),
        description="how long “Send now” at the desk, or an approval after its date, can be undone; `0s` for not",
    )
    retry: Retry = Field(Retry(), description="when a message that was refused for the moment is tried again")
    breaker: Breaker = Field(Breaker(), description="when an issue pauses itself")
    outbox: Outbox = Field(Outbox(), description="the transport `outbox`: messages as files, for trying things out")
    smtp: Smtp = Field(Smtp(), description="the transport `smtp`: a mail server that relays for us")
    sendgrid: SendGrid = Field(SendGrid(), description="the transport `sendgrid`: SendGrid's v3 API")
    transports: dict[Slug, AnyTransport] = Field(
        {}, description="further ones, each under a name of your choice, with its `kind` and that kind's keys"
    )

    @property
    def by_name(self) -> dict[str, Outbox | Smtp | SendGrid]:
        """Every transport: those that are always there, and the further ones."""
        return {"outbox": self.outbox, "smtp": self.smtp, "sendgrid": self.sendgrid, **self.transports}

    def routes_for(self, newsletter: str) -> Iterator[Route]:
        """The routes that a newsletter's messages may match; after one for all readers, none does."""
        for route in self.routes:
            if route.is_for(newsletter):
                yield route
                if not route.domains:
                    return

    def used_by(self, newsletter: str, default: str) -> list[str]:
        """The transports that may carry a newsletter whose own one is `default`, that one first, each once."""
        names = [default, *self.failover]
        for route in self.routes_for(newsletter):
            names += [*route.to, *route.failover]
        return list(dict.fromkeys(names))
