"""Track: what came back from the messages, seen by the addresses in them and told in a report."""

from newsletter.track.replies import fetch_replies
from newsletter.track.report import LinkClicks, Report, failures, report

__all__ = ["LinkClicks", "Report", "failures", "fetch_replies", "report"]
