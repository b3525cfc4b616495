"""The parts of config.yaml that are about what is looked at before an issue is approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from newsletter.config.section import Section
from newsletter.config.values import BaseUrl, Called, Line, Listen, Size, Span

Level = Literal["blocker", "warning", "note"]
"""How much a finding matters: a blocker stops approval, a warning wants to be read, a note is good to know."""


class Rspamd(Section):
    """An rspamd that says what it would think of the mail; asked once for each state of an issue."""

    url: BaseUrl | None = Field(None, description="its controller or normal worker, such as `http://127.0.0.1:11333`")
    password: SecretStr | None = Field(None, description="the controller's password, if it wants one")


class SpamAssassin(Section):
    """A SpamAssassin likewise, by the protocol of its spamd."""

    address: Listen | None = Field(None, description="address and port of spamd, such as `127.0.0.1:783`")


class Preflight(Section):
    """What the checks before approval go by."""

    links: bool = Field(True, description="look whether links lead anywhere, and at the sender's domain and the site")
    timeout: Span = Field(timedelta(seconds=10), description="for one link, redirects included")
    keep_links: Span = Field(
        timedelta(hours=24), description="how long a link that was looked at is taken for the same"
    )
    patience: Span = Field(
        timedelta(minutes=15),
        description="how long `approval: automatic` waits for links to be looked at, if there is time until it is due",
    )
    user_agent: Line = Field("newsletter/0.1 (link check)", description="what we call ourselves to the links' servers")
    allow_private: bool = Field(False, description="look at links that lie on private or loopback addresses too")
    weight: Size = Field(85_000, description="HTML heavier than this gets a warning")
    weight_most: Size = Field(102_000, description="HTML heavier than this is a blocker: Gmail clips it")
    subject_longest: int = Field(70, ge=10, le=250, description="characters of a subject before it gets a warning")
    newest_emoji: float = Field(
        14.0, ge=1, le=99, description="emoji of a later version than this get a warning: older programs draw a box"
    )
    contrast: float = Field(4.5, ge=1, le=21, description="what words and their ground need, as WCAG 2 counts it")
    audience_change: int = Field(
        30, ge=1, le=1000, description="percent by which an audience may differ from the last issues'"
    )
    spam_score: float = Field(5.0, description="from this score on, a spam filter's opinion gets a warning")
    rspamd: Rspamd = Field(Rspamd(), description="an rspamd to ask")
    spamassassin: SpamAssassin = Field(SpamAssassin(), description="a SpamAssassin to ask")


class Checks(Section):
    """Which checks matter how much to one newsletter; checks.md lists them all."""

    ignore: tuple[Line, ...] = Field((), description="codes of findings that are not wanted, such as `link-shortened`")
    levels: Annotated[dict[str, Level], Called("codes with levels")] = Field(
        {}, description="another level for a code: `blocker`, `warning` or `note`"
    )
