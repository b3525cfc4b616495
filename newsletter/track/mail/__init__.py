"""What servers, providers and programs write back by mail: bounces, complaints, automatic answers; and its ways in."""

from newsletter.track.mail.keeping import forget, glance, happenings, not_understood, settle, take, text
from newsletter.track.mail.mailboxes import fetch
from newsletter.track.mail.sorting import SOURCE

__all__ = [
    "SOURCE", "fetch", "forget", "glance", "happenings", "not_understood", "settle", "take", "text",
]  # fmt: skip
