"""Alarms: what is odd about what came back, found and told to staff, once for each issue and cause."""

from newsletter.track.alarms.sounding import blocked, sent_twice, sound
from newsletter.track.alarms.watching import watch

__all__ = ["blocked", "sent_twice", "sound", "watch"]
