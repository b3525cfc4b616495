"""The tables of the audience: queries and guarded changes of state, no input or output."""

from subscribers.models.bulk import Bulk, Touched
from subscribers.models.consent import Consent, Occasion, Origin, Wording
from subscribers.models.imports import Import, Refusal, Seen, Upload
from subscribers.models.lists import List
from subscribers.models.people import Field, Subscriber, Tag, Tagging
from subscribers.models.segment import Segment
from subscribers.models.subscription import Subscription, memberships
from subscribers.models.suppression import MD5, Suppression, fingerprints, hash_of, md5s_of
from subscribers.models.tally import Tallied, Tally

__all__ = [
    "MD5",
    "Bulk",
    "Consent",
    "Field",
    "Import",
    "List",
    "Occasion",
    "Origin",
    "Refusal",
    "Seen",
    "Segment",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Tag",
    "Tagging",
    "Tallied",
    "Tally",
    "Touched",
    "Upload",
    "Wording",
    "fingerprints",
    "hash_of",
    "md5s_of",
    "memberships",
]
