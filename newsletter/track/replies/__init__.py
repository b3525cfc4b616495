"""Answers by mail: one normal form for what came, and what is made of it."""

from newsletter.track.replies.incoming import Incoming
from newsletter.track.replies.receiving import receive

__all__ = ["Incoming", "receive"]
