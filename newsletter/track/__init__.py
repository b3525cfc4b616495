"""Track: what came back from the messages, seen by the addresses in them and told in a report; and who is silent."""

from newsletter.track import mail
from newsletter.track.alarms import watch
from newsletter.track.checking import check
from newsletter.track.judging.job import judge
from newsletter.track.keeping import forget
from newsletter.track.payloads import ingest_payloads, tidy_payloads, webhook_sources
from newsletter.track.report import LinkClicks, Report, failures, report, roll_up, tell_staff
from newsletter.track.sunset import Outlook, sunset
from newsletter.track.trials import choose, countable, decide_trials

__all__ = [
    "LinkClicks", "Outlook", "Report", "check", "choose", "countable", "decide_trials", "failures", "forget",
    "ingest_payloads", "judge", "mail", "report", "roll_up", "sunset", "tell_staff", "tidy_payloads", "watch",
    "webhook_sources",
]  # fmt: skip
