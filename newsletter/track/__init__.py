"""Track: what came back from the messages, seen by the addresses in them and told in a report; and who is silent."""

from newsletter.track import mail
from newsletter.track.report import LinkClicks, Report, failures, report
from newsletter.track.sunset import Outlook, check, sunset

__all__ = ["LinkClicks", "Outlook", "Report", "check", "failures", "mail", "report", "sunset"]
