"""Who wants which list: signed, as it stands in the link that is mailed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing

from newsletter import lists
from newsletter.config import Config
from subscribers.joining import ended_since

SALT = "newsletter subscribe to a list"
OLD_SALT = "newsletter subscribe"
"""Of the release before lists had pages of their own; its links hold the newsletter and the address."""


class Closed(LookupError):
    """The list was made private since, or it or its newsletter is gone."""


@dataclass(frozen=True)
class Wish:
    """Who wants which list, in the look of which newsletter; what they called themselves waits here until they confirm.

    `wording` is the number of the sentence they agreed to, `issue` the issue that led them here.
    """

    list: str
    newsletter: str
    email: str
    name: str = ""
    wording: int | None = None
    issue: str = ""

    def token(self, key: str) -> str:
        """The wish, signed."""
        held = {field: value for field, value in asdict(self).items() if value}
        return signing.dumps(held, key=key, salt=SALT, compress=True)

    def worded(self, wording: int) -> Wish:
        """The wish, once the sentence that it agrees to is kept."""
        return replace(self, wording=wording)


def read(config: Config, token: str) -> Wish | None:
    """The wish in a link; none once the link has ended.

    Raises Closed if its list takes nobody any more, and BadSignature.
    """
    valid = config.audience.subscribe.valid
    try:
        wish = _of(config, _loads(token, valid))
    except signing.SignatureExpired:
        return None
    offer = lists.offer_of(config, wish.list) if wish and wish.newsletter in config.newsletters else None
    if wish is None or offer is None or not offer.public:
        raise Closed
    return None if ended_since(wish.email, wish.list, _asked_at(token)) else wish


def _asked_at(token: str) -> datetime:
    """The end of the second in which a token was signed."""
    return datetime.fromtimestamp(signing.b62_decode(token.rsplit(":", 2)[1]) + 1, UTC)


def _loads(token: str, valid: timedelta) -> Any:
    try:
        return signing.loads(token, salt=SALT, max_age=valid)
    except signing.SignatureExpired:
        raise
    except signing.BadSignature:
        return signing.loads(token, salt=OLD_SALT, max_age=valid)


def _of(config: Config, held: Any) -> Wish | None:
    if isinstance(held, dict):
        return Wish(**held)
    newsletter, email = held
    if newsletter not in config.newsletters:
        return None
    # What was promised then was the newsletter's first list; staff may have made another one its first for all.
    offer = lists.first_public(config, newsletter)
    return Wish(offer.name if offer else config.newsletters[newsletter].lists[0].name, newsletter, email)
