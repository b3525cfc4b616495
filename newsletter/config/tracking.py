"""The part of config.yaml that is about what comes back from a message."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from newsletter.config.answers import Incoming
from newsletter.config.arriving import Bounces, MailServer
from newsletter.config.consequences import Alarms
from newsletter.config.section import Section
from newsletter.config.values import Called, Line, Span

Closely = Literal["individual", "aggregate", "off"]
"""How closely a newsletter's readers are watched."""
_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""How every public key of this curve begins (RFC 5480); 64 bytes follow."""


class SendGridEvents(Section):
    """SendGrid's Event Webhook: it posts what became of messages to `/hooks/sendgrid/events/`."""

    verification_key: Line = Field(
        "", description="the public key of its signed Event Webhook; without one, no events are taken"
    )

    @field_validator("verification_key")
    @classmethod
    def _readable(cls, key: str) -> str:
        try:
            data = base64.b64decode(key, validate=True)
        except ValueError:
            data = b"?"
        if data and not (data.startswith(_P256) and len(data) == len(_P256) + 64):
            raise ValueError("this is no verification key; copy it whole, as SendGrid shows it, on one line")
        return key


Provider = Literal[
    "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postal", "postmark", "resend",
    "sparkpost", "unisender_go",
]  # fmt: skip


class AnymailEvents(Section):
    """Any other provider that django-anymail knows, whose SMTP server is our transport; needs the extra `anymail`."""

    provider: Provider | None = Field(
        None, description="who posts to `/hooks/anymail/PROVIDER/tracking/` what became of messages; see webhooks.md"
    )
    secret: SecretStr | None = Field(
        None, min_length=16, description="`USER:PASSWORD` in the address given to the provider, as Anymail asks for"
    )
    settings: Annotated[dict[str, SecretStr], Called("names with values")] = Field(
        {}, description="further settings of Anymail's for the provider, such as `MAILGUN_WEBHOOK_SIGNING_KEY`"
    )


class Track(Section):
    """What is measured."""

    opens: bool = Field(True, description="put an invisible image into each mail whose loading counts as an open")
    clicks: bool = Field(True, description="lead links past this site, which counts the click and sends the reader on")
    honeypot: bool = Field(
        True,
        description="put a link into each mail that no person sees or hears; who follows it is a program. "
        "Only where clicks are counted",
    )
    networks: Path | None = Field(
        None, description="a file of networks that goes before the one that we ship; see tracking.md"
    )
    keep: Span = Field(
        timedelta(days=400), description="how long single opens, clicks and the like are kept; their counts stay"
    )
    sendgrid: SendGridEvents = Field(SendGridEvents(), description="what SendGrid says became of messages")
    anymail: AnymailEvents = Field(AnymailEvents(), description="what another provider says became of messages")
    bounces: Bounces = Field(Bounces(), description="what comes back undelivered, and what follows from it")
    smtp: MailServer = Field(MailServer(), description="a mail server of our own, as a way in for bounces and replies")
    alarms: Alarms = Field(Alarms(), description="when staff are written to about what came back")
    keep_payloads: Span = Field(
        timedelta(days=7), description="how long what providers posted is kept as it came; only what it told stays"
    )
    report_mail: bool = Field(
        True, description="write to staff a day after an issue was sent, with what came of it until then"
    )
    replies: Incoming = Field(Incoming(), description="how answers by mail come in")
