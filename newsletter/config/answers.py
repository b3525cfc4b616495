"""The parts of config.yaml that are about what readers say back: replies and polls."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from newsletter.config.section import Section
from newsletter.config.values import Called, Line, Size, Span, TokenEmail

Provider = Literal[
    "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postal", "postmark", "resend",
    "sendgrid", "sparkpost",
]  # fmt: skip


class Replies(Section):
    """What readers write back about an issue."""

    open: bool = Field(True, description="whether readers may reply on the page of an issue")
    moderation: Literal["all", "first", "none"] = Field(
        "first",
        description="which replies wait for staff: `all`, those of readers with none approved yet (`first`), or `none`",
    )
    address: TokenEmail | None = Field(
        None, description="where replies by mail arrive, such as `reply@in.example.org`; without one, at `sender`"
    )
    closes_after: Span | None = Field(None, description="how long after an issue is sent its page takes replies")


class Polls(Section):
    """The polls in an issue."""

    closes_after: Span | None = Field(
        timedelta(days=30), description="how long after an issue is sent its polls take votes; `null`: for ever"
    )


class InboundParse(Section):
    """SendGrid's Inbound Parse: it posts each mail to an address of ours."""

    secret: SecretStr | None = Field(
        None, min_length=16, description="ends the address that SendGrid posts to: `/hooks/sendgrid/inbound/SECRET/`"
    )


class Anymail(Section):
    """Any provider that django-anymail knows; needs the extra `anymail`."""

    provider: Provider | None = Field(None, description="who posts mail to `/hooks/anymail/PROVIDER/inbound/`")
    secret: SecretStr | None = Field(
        None, min_length=16, description="`USER:PASSWORD` in the address given to the provider, as Anymail asks for"
    )
    settings: Annotated[dict[str, SecretStr], Called("names with values")] = Field(
        {}, description="further settings of Anymail's for the provider, such as `MAILGUN_WEBHOOK_SIGNING_KEY`"
    )


class Imap(Section):
    """A mailbox that is looked into. Nothing in it is deleted, moved or marked as read."""

    host: Line = Field("", description="name or address of the server; without one, no mailbox is looked into")
    port: int = Field(993, ge=1, le=65535, description="993 goes with `tls`, 143 with `starttls`")
    security: Literal["none", "starttls", "tls"] = Field("tls", description="whether the connection is encrypted")
    username: Line = Field("", description="whose mailbox it is")
    password: SecretStr = Field(SecretStr(""), description="goes with `username`; better set from the environment")
    folder: Line = Field("INBOX", description="the folder that mail arrives in")
    every: Span = Field(timedelta(minutes=1), description="how often it is looked into")
    timeout: Span = Field(timedelta(seconds=30), description="how long the server may take for each answer")


class Incoming(Section):
    """How answers by mail come in."""

    valid: Span = Field(timedelta(days=180), description="how long the reply address in a message is good for")
    max_bytes: Size = Field(2_000_000, description="of a larger mail only the beginning is read")
    keep_rejected: Span = Field(timedelta(days=90), description="how long it is remembered what was not taken, and why")
    sendgrid: InboundParse = Field(InboundParse(), description="SendGrid's Inbound Parse")
    anymail: Anymail = Field(Anymail(), description="any provider that django-anymail knows")
    imap: Imap = Field(Imap(), description="a mailbox that is looked into")
