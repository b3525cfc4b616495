"""The shape of config.yaml: every key, its type, its default and what it means."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator

from newsletter.config.answers import Polls, Replies
from newsletter.config.audience import Audience
from newsletter.config.entering import SignIn
from newsletter.config.planning import Holidays
from newsletter.config.preflight import Checks, Preflight
from newsletter.config.problems import Location
from newsletter.config.section import Section
from newsletter.config.sending import Outbox, Send, SendGrid, Smtp, TransportName
from newsletter.config.source import Origins
from newsletter.config.summary import Summary
from newsletter.config.topics import emoji_for, topic
from newsletter.config.tracking import Closely, Track
from newsletter.config.values import (
    BaseUrl,
    Cron,
    DatabaseUrl,
    Duration,
    Email,
    Line,
    Listen,
    Size,
    Slug,
    Span,
    TimeZone,
    TokenEmail,
)


def _ordered(least: int, most: int) -> None:
    if least > most:
        raise ValueError(f"min ({least}) is more than max ({most})")


class Author(Section):
    """Somebody who writes, as pages and mails show them."""

    avatar: str = Field(
        "", description="address of a picture, or `SOURCE:PATH` for one beside a folder source's posts; else initials"
    )
    about: Line = Field("", description="a sentence about them")
    url: BaseUrl | None = Field(None, description="where they are at home on the web")


class Site(Section):
    """Where the publication is reached, and what signs its links."""

    name: Line = Field("Newsletter", description="what the publication as a whole is called")
    url: BaseUrl = Field("http://127.0.0.1:8000", description="public address; links in mails begin with it")
    listen: Listen = Field("127.0.0.1:8000", description="address and port of the web server")
    time_zone: TimeZone = Field("UTC", description="zone of the dates on the desk and in the terminal")
    var: Path = Field(Path("var"), description="folder for the database, the outbox and generated secrets")
    secret_key: SecretStr | None = Field(
        None, min_length=16, description="signs tokens and sessions; made once and kept under `site.var` if absent"
    )
    secret_key_fallbacks: tuple[SecretStr, ...] = Field((), description="earlier keys whose links must still work")
    behind_proxy: bool = Field(False, description="trust X-Forwarded-For and X-Forwarded-Proto of a proxy in front")
    sign_in: SignIn = Field(SignIn(), description="how staff sign in, beside password, authenticator app and passkey")
    authors: dict[str, Author] = Field({}, description="those who write, each under the name that stories give")
    alerts: tuple[Email, ...] = Field(
        (), description="who is written to when an issue stops itself, besides staff who may send issues"
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="opens /metrics to who sends it as bearer token; else only to this machine",
    )
    privacy_url: BaseUrl | None = Field(
        None, description="your privacy notice; without one, a page of ours says what is recorded"
    )


class Database(Section):
    """SQLite in a file, or PostgreSQL."""

    url: DatabaseUrl = Field(
        SecretStr(""),
        description="`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`; "
        "without one, SQLite under `site.var`",
    )


class Source(Section):
    """Where posts come from."""

    kind: str = Field("feed", description="`feed` (RSS, Atom, RDF, JSON Feed) or `folder` (Markdown files)")
    location: str = Field(min_length=1, description="the feed's address, or the folder's path")
    base_url: BaseUrl | None = Field(None, description="for a folder: where its posts are published, if they are")
    tags: tuple[str, ...] = Field((), description="tags given to every post of this source")
    allow_private: bool = Field(False, description="let this feed lie on a private or loopback address")


class Collect(Section):
    """How the posts of the sources are fetched."""

    every: Span = Field(timedelta(minutes=15), description="how often each source is looked at")
    timeout: Span = Field(timedelta(seconds=30), description="for one whole fetch, redirects included")
    max_bytes: Size = Field(10_000_000, description="a feed larger than this is refused")
    max_redirects: int = Field(5, ge=0, le=20, description="how many redirects are followed")
    measure_images: bool = Field(
        True, description="ask how large the images of new posts are, so that mail programs keep room for them"
    )
    max_image_bytes: Size = Field(5_000_000, description="an image larger than this is linked to instead of shown")
    user_agent: Line = Field("newsletter/0.1 (feed reader)", description="what we call ourselves to the feed's server")
    sources: dict[Slug, Source] = Field({}, description="where posts come from, each under a name of your choice")


class Compose(Section):
    """How issues are drawn up from posts."""

    late: Duration = Field(
        timedelta(hours=12), description="how long after a missed due date an issue is still made up for"
    )
    grace: Duration = Field(timedelta(days=7), description="how old a post may be that turns up after its cut-off")
    apart: Duration = Field(
        timedelta(hours=12),
        description="a warning where the same people get another issue within so long; `0s` for none",
    )
    preflight: Preflight = Field(Preflight(), description="what the checks before approval go by")


class Render(Section):
    """How an issue becomes a mail."""

    theme: str = Field("atlas", min_length=1, description="theme of every newsletter that names none")
    templates: Path = Field(Path("templates/email"), description="folder whose files go before the shipped themes")


class Sender(Section):
    """Who the mail is from."""

    name: Line = Field("", description="the name before the address")
    address: Email = Field(description="the address in From; its domain is that of every Message-ID")
    reply_to: Email | None = Field(None, description="where answers go, if not to `address`")
    bounce_address: TokenEmail | None = Field(
        None, description="where this newsletter's bounces arrive, if not at `track.bounces.address`"
    )
    unsubscribe_address: Email | None = Field(None, description="a mailbox you read, offered beside the one-click link")
    dkim_selector: Line = Field(
        "", description="under which your relay's or provider's DKIM key is published; the checks look for it"
    )


class Schedule(Section):
    """When issues are due."""

    cron: Cron = Field(description="minute, hour, day, month, weekday: `0 8 * * FRI` is Fridays at eight")
    time_zone: TimeZone = Field(description="the zone that `cron` is read in, summer time and all")
    local_time: bool = Field(
        False, description="send at that time of day where each reader lives, for whoever has said so"
    )
    holidays: Holidays = Field(Holidays(), description="days on which nobody reads")


class NewsletterSection(Section):
    """A part of an issue: the posts that carry one of its tags."""

    title: Line = Field(max_length=200, description="heading of the section")
    emoji: Line | None = Field(
        None, max_length=50, description='stands before the title; without one, by its topic; `""` for none at all'
    )
    tags: tuple[str, ...] = Field((), description="a post with one of these tags belongs here; the first section wins")
    min: int = Field(0, ge=0, description="with fewer posts here, the issue is skipped, and says why")
    max: int = Field(20, ge=1, description="the newest posts are taken, up to so many")
    style: Literal["cards", "list"] = Field("cards", description="stories with picture and summary, or a compact list")

    @property
    def topic(self) -> str:
        """What readers' preferences call it."""
        return topic(self.title)

    @property
    def symbol(self) -> str:
        """The emoji before the title: the one that is set, else that of the topic."""
        return emoji_for(self.title, self.tags) if self.emoji is None else self.emoji

    @model_validator(mode="after")
    def _limits(self) -> NewsletterSection:
        _ordered(self.min, self.max)
        return self


class ListRef(Section):
    """A list that a newsletter goes to."""

    name: Slug = Field(description="the list's name")
    title: Line = Field("", max_length=200, description="what people read; the name if empty")
    seed: Path | None = Field(None, description="a CSV of subscribers, read once, when the list is first made")


class Newsletter(Section):
    """A title with its sources, schedule, lists and sender."""

    title: Line = Field(min_length=1, description="what it is called")
    emoji: Line = Field("", description="stands before the title, and by default before the subject")
    tagline: Line = Field("", description="a line under the title")
    language: Line = Field("en", min_length=2, description="language of the mail, such as `en` or `pt-BR`")
    logo: str = Field("", description="address of an image, or `SOURCE:PATH` for one beside a folder source's posts")
    logo_dark: str = Field("", description="the logo where mail is read light on dark, if it must differ")
    sources: tuple[Slug, ...] = Field(min_length=1, description="names from `collect.sources`")
    lists: tuple[ListRef, ...] = Field(
        min_length=1, description="who it goes to; a plain name means a list of that name"
    )
    audience: Slug | None = Field(None, description="a segment: of those on the lists, it goes to these people alone")
    without: tuple[Slug, ...] = Field((), description="segments whose people it does not go to")
    sender: Sender = Field(description="who the mail is from")
    postal_address: str = Field(min_length=1, description="required by law in the mail of many countries")
    test_groups: dict[Slug, tuple[Email, ...]] = Field(
        {}, description="who may be sent test mails together from the desk, by the group's name"
    )
    schedule: Schedule | None = Field(None, description="without one, issues are made by hand only")
    cut_off: Duration = Field(timedelta(hours=24), description="posts are taken until so long before an issue is due")
    approval: Literal["required", "automatic"] = Field(
        "required", description="whether somebody must approve each issue before it is sent"
    )
    approval_by: Literal["anyone", "another"] = Field(
        "anyone", description="`another`: whoever edited an issue last cannot be the one who approves it"
    )
    first_issue: Literal["on_schedule", "at_once"] = Field(
        "on_schedule", description="`at_once` draws one up the first time this runs, from the posts there are"
    )
    layout: Literal["digest", "post", "announcement"] = Field(
        "digest", description="many posts in short, one in full, or one with its picture and a single strong button"
    )
    theme: str | None = Field(None, min_length=1, description="without one, `render.theme`")
    tokens: dict[str, Any] = Field({}, description="colours, fonts and measures that differ from the theme's own")
    contents: bool = Field(False, description="a table of contents in digests of four stories and more")
    transport: TransportName | None = Field(None, description="without one, `send.transport`")
    subject: str = Field(
        "{{ lead.title | led_by(newsletter.emoji) }}",
        min_length=1, description="pattern of the subject line (Jinja2)",
    )  # fmt: skip
    preheader: str = Field(
        "{{ others | map(attribute='title') | join(' · ') or lead.summary }}",
        description="pattern of the line that mail programs show after the subject (Jinja2)",
    )
    sections: tuple[NewsletterSection, ...] = Field((), description="parts of an issue, in order")
    topics: bool = Field(False, description="let readers leave sections out of their mails; digests only")
    segments: dict[Slug, str] = Field(
        {},
        description="named conditions on the reader, such as `reader.fields.city == 'Berlin'`; see personalisation.md",
    )
    other: NewsletterSection | None = Field(
        NewsletterSection(title="More stories", emoji="🗞️"),
        description="where posts go that fit no section; `null` leaves them out",
    )
    summary: Summary | None = Field(
        Summary(), description="the monthly summary, made from when a reader asks for it; `null` for none"
    )
    replies: Replies = Field(Replies(), description="what readers write back, on the page and by mail")
    polls: Polls = Field(Polls(), description="the polls in its issues")
    preflight: Checks = Field(Checks(), description="which checks matter how much to it")
    track: Closely = Field(
        "individual",
        description="whose opens and clicks are counted: `individual` each reader's, `aggregate` those of all together "
        "and of nobody by name, `off` none at all",
    )
    min: int = Field(1, ge=1, description="with fewer posts, the issue is skipped, and says why")
    max: int = Field(12, ge=1, description="posts in one issue at most; the oldest are left out first")

    @property
    def topic_titles(self) -> dict[str, str]:
        """The title of each section that readers may leave out, by its topic; none unless `topics` says so."""
        parts = (*self.sections, *filter(None, [self.other])) if self.topics else ()
        return {part.topic: part.title for part in parts}

    @field_validator("lists", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """`lists: [readers]` means `lists: [{name: readers}]`."""
        return (
            [{"name": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        )

    @model_validator(mode="after")
    def _limits(self) -> Newsletter:
        _ordered(self.min, self.max)
        return self


class Config(Section):
    """The whole of config.yaml, with the environment laid over it."""

    _root: Path = PrivateAttr(Path("."))
    _origins: Origins | None = PrivateAttr(None)
    site: Site = Field(Site(), description="where the publication is reached, and what signs its links")
    database: Database = Field(Database(), description="SQLite in a file, or PostgreSQL")
    collect: Collect = Field(Collect(), description="how the posts of the sources are fetched")
    compose: Compose = Field(Compose(), description="how issues are drawn up from posts")
    render: Render = Field(Render(), description="how an issue becomes a mail")
    send: Send = Field(Send(), description="how messages leave")
    track: Track = Field(Track(), description="what is measured")
    audience: Audience = Field(Audience(), description="who may be written to, and how they come and go")
    newsletters: dict[Slug, Newsletter] = Field({}, description="the titles, each under a name of your choice")

    def beside(self, root: Path) -> Config:
        """Say which folder the file stands in; paths in it are meant from there."""
        self._root = root
        return self

    def set_by(self, origins: Origins) -> Config:
        """Say where each key was set."""
        self._origins = origins
        return self

    def where(self, location: Location) -> str:
        """The line of the file or the variable that set a key; empty where its default holds."""
        return self._origins.exactly(location) if self._origins else ""

    def place_of(self, *location: str | int) -> str:
        """The line of the file or the variable that set a key, or what it belongs to."""
        return self._origins.find(location) if self._origins else "config.yaml"

    def path(self, relative: Path | str) -> Path:
        """A path as written in the file: beside config.yaml unless it is absolute."""
        return (self._root / relative).resolve()

    @property
    def var(self) -> Path:
        """The folder for everything the program writes."""
        return self.path(self.site.var)

    @property
    def database_url(self) -> str:
        """The database's address; SQLite under `var` unless another is set."""
        url = self.database.url.get_secret_value() or f"sqlite:///{self.var / 'newsletter.sqlite3'}"
        return f"sqlite:///{self.path(url[10:])}" if url.startswith("sqlite:///") else url

    @property
    def outbox(self) -> Path:
        """The folder of the outbox that is always there, and of others that name none."""
        return self.outbox_of("outbox")

    def outbox_of(self, transport: str) -> Path:
        """The folder that a transport writes to, if it is an outbox."""
        settings = self.transports[transport]
        path = settings.path if isinstance(settings, Outbox) else None
        return self.path(path) if path else self.var / "outbox"

    @property
    def transports(self) -> dict[str, Outbox | Smtp | SendGrid]:
        """Every transport by its name; the `kind` of each says what it speaks."""
        return self.send.by_name

    def transport_of(self, newsletter: str) -> str:
        """The transport that carries a newsletter where no route says otherwise."""
        chosen = self.newsletters.get(newsletter)
        return (chosen and chosen.transport) or self.send.transport

    def transports_of(self, newsletter: str) -> list[str]:
        """Every transport that may carry a newsletter, its own first."""
        return self.send.used_by(newsletter, self.transport_of(newsletter))

    def kinds_of(self, newsletter: str) -> set[str]:
        """The kinds of the transports that may carry a newsletter."""
        return {self.transports[name].kind for name in self.transports_of(newsletter)}

    def closely(self, newsletter: str) -> Closely:
        """How closely the readers of a newsletter are watched; of one that is no longer there, none by name."""
        chosen = self.newsletters.get(newsletter)
        return chosen.track if chosen else "aggregate"

    @property
    def used_transports(self) -> list[str]:
        """Every transport that may carry a newsletter; the one that a first newsletter would have if there is none."""
        return sorted({name for letter in self.newsletters or [""] for name in self.transports_of(letter)})

    def time_zone_of(self, newsletter: str) -> str:
        """The zone of a newsletter's dates: its schedule's, or the publication's."""
        chosen = self.newsletters.get(newsletter)
        return chosen.schedule.time_zone if chosen and chosen.schedule else self.site.time_zone
