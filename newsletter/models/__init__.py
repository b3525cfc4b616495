"""The tables, in pipeline order: what each holds, how it is asked, how it changes. No input or output."""

from newsletter.models.source import Source

from newsletter.models.post import Post, Sighting  # isort: skip
from newsletter.models.issue import Issue, Item, Series, TransitionRefused  # isort: skip
from newsletter.models.edition import Edition, Link  # isort: skip
from newsletter.models.message import Message  # isort: skip
from newsletter.models.event import Event  # isort: skip
from newsletter.models.archive import Correction, Entry, Term  # isort: skip

__all__ = [
    "Correction",
    "Edition",
    "Entry",
    "Event",
    "Issue",
    "Item",
    "Link",
    "Message",
    "Post",
    "Series",
    "Sighting",
    "Source",
    "Term",
    "TransitionRefused",
]
