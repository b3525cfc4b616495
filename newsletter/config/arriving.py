"""The parts of config.yaml that are about mail of programs: bounces, and the ways by which mail comes in."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from newsletter.config.answers import Imap
from newsletter.config.consequences import SoftBounces
from newsletter.config.section import Section
from newsletter.config.values import Listen, Size, Span, TokenEmail


class Bounces(Section):
    """What mail servers, providers and vacation programs write back."""

    address: TokenEmail | None = Field(
        None,
        description="where bounces arrive, such as `bounces@in.example.org`; the envelope of each message sent by SMTP"
        " names it with a token; without one, they go to `sender.address`",
    )
    valid: Span = Field(timedelta(days=90), description="how long the bounce address of a message is good for")
    max_bytes: Size = Field(2_000_000, description="of a larger mail only the beginning is kept and read")
    keep: Span = Field(
        timedelta(days=30),
        description="how long mails that were understood, or seen to by staff, are kept as they came",
    )
    imap: Imap = Field(Imap(), description="the mailbox of bounces, where it is not that of `track.replies.imap`")
    soft: SoftBounces = Field(SoftBounces(), description="when bounces that may pass suppress an address after all")


class MailServer(Section):
    """A mail server of our own, which takes mail for our reply and bounce addresses and for no others."""

    listen: Listen | None = Field(
        None, description="address and port, such as `127.0.0.1:2525`; without one, there is no such server"
    )
    max_bytes: Size = Field(40_000_000, description="a larger mail is refused")
    connections: int = Field(20, ge=1, le=1000, description="open at once; others are asked to come again")
