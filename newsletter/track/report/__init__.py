"""Report: what the desk, the terminal and the mail to staff tell of issues, newsletters and people, from tallies."""

from newsletter.track.report.clicks import LinkClicks, StoryClicks, story_clicks
from newsletter.track.report.curves import Curve, Curves, curves
from newsletter.track.report.figures import FAILED, PollVotes, Report, Seen, failures, report
from newsletter.track.report.providers import Share
from newsletter.track.report.rolling import cohorts_of, roll_up, shares_of
from newsletter.track.report.telling import tell_staff

__all__ = [
    "FAILED", "Curve", "Curves", "LinkClicks", "PollVotes", "Report", "Seen", "Share", "StoryClicks", "cohorts_of",
    "curves", "failures", "report", "roll_up", "shares_of", "story_clicks", "tell_staff",
]  # fmt: skip
