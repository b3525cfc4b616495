"""Answers by mail: three ways in, one normal form, and what is made of it."""

from newsletter.track.replies.imap import fetch_replies
from newsletter.track.replies.incoming import Incoming
from newsletter.track.replies.receiving import receive

__all__ = ["Incoming", "fetch_replies", "receive"]
