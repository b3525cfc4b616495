"""Whose message a provider's event is about: by the metadata that our mails carry for it, or by their Message-ID.

Only what stands where the provider puts these counts. A server that refuses a mail may answer with any words it likes,
also with the Message-ID of somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from newsletter.config import Config
from newsletter.models import Message
from newsletter.track.webhooks.values import number, text
from subscribers.addresses import on_the_wire

_OURS = re.compile(r"<?(\d{1,18})\.([a-z0-9-]+)\.([a-z0-9-]+)@([^\s<>@]+)>?", re.IGNORECASE)
_DEPTH = 6


class Claim(NamedTuple):
    """The message that an event says it is about; of which newsletter and issue, where that is said too."""

    message: int
    newsletter: str = ""
    slug: str = ""


def claim(event: Any, config: Config) -> Claim | None:
    """What an event of Anymail's says; nothing for other mail of the account's."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    if metadata.get("site") == config.site.url and (found := number(metadata.get("message"))):
        return Claim(found)
    said = (text(event.message_id), *_identities(event.esp_event))
    return next((made for one in said if (made := _claim(one, config))), None)


def confirmed(claims: Iterable[Claim]) -> set[Claim]:
    """Those that are true: such a message is of the issue that is named with it."""
    wanted = set(claims)
    rows = Message.objects.filter(pk__among=[one.message for one in wanted])
    issues = {pk: names for pk, *names in rows.values_list("pk", "issue__newsletter", "issue__slug")}
    return {one for one in wanted if not one.slug or issues.get(one.message) == [one.newsletter, one.slug]}


def _claim(said: str, config: Config) -> Claim | None:
    match = _OURS.fullmatch(said.strip())
    settings = config.newsletters.get(match[2]) if match else None
    if match is None or settings is None:
        return None
    domain = on_the_wire(settings.sender.address).rpartition("@")[2]
    return Claim(int(match[1]), match[2], match[3]) if match[4].lower() == domain.lower() else None


def _identities(raw: Any, depth: int = _DEPTH) -> Iterator[str]:
    """Whatever is called a Message-ID in a raw event, as a field or as a header."""
    if not depth:
        return
    if isinstance(raw, Mapping):
        if _is_identity(raw.get("name")):
            yield text(raw.get("value"))
        for name, value in raw.items():
            if _is_identity(name) and isinstance(value, str):
                yield text(value)
            else:
                yield from _identities(value, depth - 1)
    elif isinstance(raw, list):
        for one in raw:
            yield from _identities(one, depth - 1)


def _is_identity(name: object) -> bool:
    return isinstance(name, str) and re.sub("[-_]", "", name.lower()) == "messageid"
