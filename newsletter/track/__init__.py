"""Track: what came back from the messages, seen by the addresses in them and told in a report; and who is silent."""

from newsletter.track.replies import fetch_replies
from newsletter.track.report import LinkClicks, Report, failures, report, roll_up, tell_staff
from newsletter.track.sunset import Outlook, check, sunset

__all__ = [
    "LinkClicks", "Outlook", "Report", "check", "failures", "fetch_replies", "report", "roll_up", "sunset",
    "tell_staff",
]  # fmt: skip
