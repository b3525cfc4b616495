"""The part of config.yaml that is about what comes back from a message."""

from __future__ import annotations

import base64

from pydantic import Field, field_validator

from newsletter.config.answers import Incoming
from newsletter.config.section import Section
from newsletter.config.values import Line

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


class Track(Section):
    """What is measured."""

    opens: bool = Field(True, description="put an invisible image into each mail whose loading counts as an open")
    clicks: bool = Field(True, description="lead links past this site, which counts the click and sends the reader on")
    sendgrid: SendGridEvents = Field(SendGridEvents(), description="what SendGrid says became of messages")
    report_mail: bool = Field(
        True, description="write to staff a day after an issue was sent, with what came of it until then"
    )
    replies: Incoming = Field(Incoming(), description="how answers by mail come in")
