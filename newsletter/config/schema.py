"""The shape of config.yaml: every key, its type, its default and what it means."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator, model_validator

from newsletter.config.values import BaseUrl, Cron, Duration, Email, Size, Slug, TimeZone


class Section(BaseModel):
    """Base of every part: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Section):
    """Where the publication is reached, and what signs its links."""

    name: str = "Newsletter"
    url: BaseUrl = Field("http://127.0.0.1:8000", description="public address; links in mails begin with it")
    listen: str = Field("127.0.0.1:8000", pattern=r"^[^\s]*:\d+$", description="address and port of the web server")
    time_zone: TimeZone = "UTC"
    var: Path = Field(Path("var"), description="folder for the database, the outbox and generated secrets")
    secret_key: SecretStr | None = Field(None, description="signs tokens and sessions; made under `var` if absent")
    secret_key_fallbacks: tuple[SecretStr, ...] = Field((), description="earlier keys whose links must still work")
    behind_proxy: bool = Field(False, description="trust X-Forwarded-For and X-Forwarded-Proto of a proxy in front")


class Database(Section):
    """SQLite in a file, or PostgreSQL."""

    url: str = Field("", pattern=r"^$|^(sqlite:///.+|postgres(ql)?://.+)$", description="default: SQLite under `var`")


class Source(Section):
    """Where posts come from."""

    kind: str = Field("feed", description="feed (RSS, Atom, RDF, JSON Feed) or folder (Markdown)")
    location: str = Field(min_length=1, description="the feed's address, or the folder's path beside config.yaml")
    base_url: BaseUrl | None = Field(None, description="for a folder: where its posts are published, if they are")
    tags: tuple[str, ...] = Field((), description="tags given to every post of this source")
    allow_private: bool = Field(False, description="let this feed lie on a private or loopback address")


class Collect(Section):
    """How the posts of the sources are fetched."""

    every: Duration = timedelta(minutes=15)
    timeout: Duration = Field(timedelta(seconds=30), description="for one whole fetch, redirects included")
    max_bytes: Size = 10_000_000
    max_redirects: int = Field(5, ge=0, le=20)
    user_agent: str = "newsletter/0.1 (feed reader)"
    sources: dict[Slug, Source] = {}


class Compose(Section):
    """How issues are drawn up from posts."""

    late: Duration = Field(timedelta(hours=12), description="how long after a missed due date it is still made up for")
    grace: Duration = Field(timedelta(days=7), description="how old a post may be that turns up after its cut-off")


class Render(Section):
    """How an issue becomes a mail."""

    theme: str = "atlas"
    templates: Path = Field(Path("templates/email"), description="folder whose files go before the shipped themes")


class Retry(Section):
    """When a message that was refused for the moment is tried again."""

    first: Duration = Field(timedelta(minutes=1), description="wait before the second attempt; doubled each time")
    longest: Duration = timedelta(hours=6)
    attempts: int = Field(10, ge=1, le=100, description="after so many attempts the message has failed")


class Outbox(Section):
    """Messages as files, for trying things out."""

    path: Path | None = Field(None, description="default: `outbox` under `site.var`")


class Smtp(Section):
    """A mail server that relays for us."""

    host: str = ""
    port: int = Field(25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password: SecretStr = SecretStr("")
    timeout: Duration = timedelta(seconds=60)
    messages_per_connection: int = Field(100, ge=1, description="then the connection is made anew; servers set limits")


class SendGrid(Section):
    """SendGrid's v3 API."""

    api_key: SecretStr = SecretStr("")
    host: BaseUrl = "https://api.sendgrid.com"
    timeout: Duration = timedelta(seconds=30)
    per_call: int = Field(1000, ge=1, le=1000, description="recipients in one call")


TransportName = Literal["outbox", "smtp", "sendgrid"]


class Send(Section):
    """How messages leave."""

    transport: TransportName = "outbox"
    batch: int = Field(500, ge=1, le=10_000, description="messages a worker claims at a time")
    workers: int = Field(2, ge=1, le=64, description="sending threads of one process")
    lease: Duration = Field(timedelta(minutes=5), description="how long a worker may be silent before its claim lapses")
    retry: Retry = Retry()
    outbox: Outbox = Outbox()
    smtp: Smtp = Smtp()
    sendgrid: SendGrid = SendGrid()


class Track(Section):
    """What is measured."""

    opens: bool = True
    clicks: bool = True


class Sender(Section):
    """Who the mail is from."""

    name: str = ""
    address: Email
    reply_to: Email | None = None
    unsubscribe_address: Email | None = Field(None, description="a mailbox you read, offered beside the one-click link")


class Schedule(Section):
    """When issues are due."""

    cron: Cron
    time_zone: TimeZone


class NewsletterSection(Section):
    """A part of an issue: the posts that carry one of its tags."""

    title: str
    emoji: str = ""
    tags: tuple[str, ...] = ()
    min: int = Field(0, ge=0)
    max: int = Field(20, ge=1)


class ListRef(Section):
    """A list that a newsletter goes to."""

    name: Slug
    title: str = ""
    seed: Path | None = Field(None, description="a CSV read once, when the list is first made")


class Newsletter(Section):
    """A title with its sources, schedule, lists and sender."""

    title: str
    emoji: str = ""
    tagline: str = ""
    language: str = "en"
    logo: str = Field("", description="address of an image, or its path beside a folder source's posts")
    sources: tuple[Slug, ...] = Field(min_length=1)
    lists: tuple[ListRef, ...] = Field(min_length=1)
    sender: Sender
    postal_address: str = Field(min_length=1, description="required by law in the mail of many countries")
    schedule: Schedule | None = Field(None, description="without one, issues are made by hand only")
    cut_off: Duration = Field(timedelta(hours=24), description="posts are taken until so long before an issue is due")
    approval: Literal["required", "automatic"] = "required"
    first_issue: Literal["on_schedule", "at_once"] = "on_schedule"
    layout: Literal["digest", "post"] = "digest"
    theme: str | None = None
    transport: TransportName | None = None
    subject: str = "{% if newsletter.emoji %}{{ newsletter.emoji }} {% endif %}{{ lead.title }}"
    preheader: str = "{{ others | map(attribute='title') | join(' · ') or lead.summary }}"
    sections: tuple[NewsletterSection, ...] = ()
    other: NewsletterSection | None = NewsletterSection(title="More stories", emoji="🗞️")
    min: int = Field(1, ge=1)
    max: int = Field(12, ge=1)

    @field_validator("lists", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """`lists: [readers]` means `lists: [{name: readers}]`."""
        return (
            [{"name": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        )

    @model_validator(mode="after")
    def _limits(self) -> Newsletter:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is more than max ({self.max})")
        return self


class Config(Section):
    """The whole of config.yaml, with the environment laid over it."""

    _root: Path = PrivateAttr(Path("."))
    site: Site = Site()
    database: Database = Database()
    collect: Collect = Collect()
    compose: Compose = Compose()
    render: Render = Render()
    send: Send = Send()
    track: Track = Track()
    newsletters: dict[Slug, Newsletter] = {}

    def beside(self, root: Path) -> Config:
        """Say which folder the file stands in; paths in it are meant from there."""
        self._root = root
        return self

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
        return self.database.url or f"sqlite:///{self.var / 'newsletter.sqlite3'}"

    @property
    def outbox(self) -> Path:
        """The folder that the outbox transport writes to."""
        return self.path(self.send.outbox.path) if self.send.outbox.path else self.var / "outbox"

    def transport_of(self, newsletter: str) -> TransportName:
        """The transport that carries a newsletter."""
        chosen = self.newsletters.get(newsletter)
        return (chosen and chosen.transport) or self.send.transport
