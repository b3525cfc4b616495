"""The tables, in pipeline order: what each holds, how it is asked, how it changes. No input or output."""

from newsletter.models.source import Source

from newsletter.models.post import Post, Sighting  # isort: skip
from newsletter.models.triage import Decision, Standing, Triage  # isort: skip
from newsletter.models.issue import Issue, Item, Series, TransitionRefused  # isort: skip
from newsletter.models.own_block import OwnBlock  # isort: skip
from newsletter.models.revision import Revision, SetAside  # isort: skip
from newsletter.models.editing import Opened  # isort: skip
from newsletter.models.picture import Picture  # isort: skip
from newsletter.models.edition import Edition, Link  # isort: skip
from newsletter.models.trial import Trial, Variant  # isort: skip
from newsletter.models.recipients import AudienceUnknown, audience_of, still_wanting  # isort: skip
from newsletter.models.message import Due, Hold, Message, reachable  # isort: skip
from newsletter.models.settling import Verdict  # isort: skip
from newsletter.models.transport import Sent, Slot, TransportState  # isort: skip
from newsletter.models.event import Event  # isort: skip
from newsletter.models.spooled import Spooled  # isort: skip
from newsletter.models.sign import Sign  # isort: skip
from newsletter.models.tally import Tally  # isort: skip
from newsletter.models.rollup import Rollup  # isort: skip
from newsletter.models.payload import Payload  # isort: skip
from newsletter.models.alarm import Alarm  # isort: skip
from newsletter.models.preflight import LinkCheck, Override, Preflight  # isort: skip
from newsletter.models.archive import Correction, Entry, Term  # isort: skip
from newsletter.models.reply import MailboxMark, Muted, Rejected, Reply  # isort: skip
from newsletter.models.poll import Like, Poll, Vote  # isort: skip
from newsletter.models.beat import Beat  # isort: skip
from newsletter.models.hitch import Hitch  # isort: skip
from newsletter.models.notice import Notice  # isort: skip
from newsletter.models.sign_in import SignIn, Turn  # isort: skip
from newsletter.models.errand import Errand  # isort: skip
from newsletter.models.chore import Chore  # isort: skip
from newsletter.models.test_group import TestGroup  # isort: skip
from newsletter.models.membership import Membership, Wish  # isort: skip
from newsletter.models.planning import CalendarFeed, DateChange, Recurrence  # isort: skip

__all__ = [
    "Alarm",
    "AudienceUnknown",
    "Beat",
    "CalendarFeed",
    "Chore",
    "Correction",
    "DateChange",
    "Decision",
    "Due",
    "Edition",
    "Entry",
    "Errand",
    "Event",
    "Hitch",
    "Hold",
    "Issue",
    "Item",
    "Like",
    "Link",
    "LinkCheck",
    "MailboxMark",
    "Membership",
    "Message",
    "Muted",
    "Notice",
    "Opened",
    "Override",
    "OwnBlock",
    "Payload",
    "Picture",
    "Poll",
    "Post",
    "Preflight",
    "Recurrence",
    "Rejected",
    "Reply",
    "Revision",
    "Rollup",
    "Sent",
    "Series",
    "SetAside",
    "Sighting",
    "Sign",
    "SignIn",
    "Slot",
    "Source",
    "Spooled",
    "Standing",
    "Tally",
    "Term",
    "TestGroup",
    "TransitionRefused",
    "TransportState",
    "Triage",
    "Trial",
    "Turn",
    "Variant",
    "Verdict",
    "Vote",
    "Wish",
    "audience_of",
    "reachable",
    "still_wanting",
]
