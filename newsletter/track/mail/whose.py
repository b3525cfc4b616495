"""Whose message a mail is about. Only what we signed says so: numbers can be counted up, and bodies can quote anything.

A bounce's own address comes first (VERP). Else the headers that it returns may hold something signed: the bounce
address as Return-Path, or the way to unsubscribe. A Message-ID of ours must then say the same, and alone it says
nothing: whoever knows how we number could take everybody off the lists with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import Message as Mail

from newsletter import tokens
from newsletter.config import Config, Newsletter
from newsletter.track.replies.incoming import Incoming

# From where a word begins: else a long one without an @ would be gone through anew from each of its letters.
_ADDRESS = re.compile(r"(?<![^\s<>;,@])[^\s<>;,@]+@[^\s<>;,]+")
_TAG = re.compile(r"\+([^@+]*)@")
_SENDERS = ("Return-Path", "X-Return-Path", "Original-Mail-From", "X-Envelope-From", "Errors-To")
_IDENTITY = re.compile(r"<?(\d{1,18})\.([a-z0-9-]+)\.[a-z0-9-]+@([^\s<>]+?)>?")


class Distrusted(ValueError):
    """It came to an address of ours that was not made here, or that is no longer good; nothing else in it counts."""


@dataclass(frozen=True)
class House:
    """What is needed to know what is ours: the configuration, the keys that sign, and the time."""

    config: Config
    keys: Sequence[str]
    now: datetime

    @property
    def bounces(self) -> set[str]:
        """The addresses that bounces come to, in lower case."""
        found = [self.config.track.bounces.address, *(one.sender.bounce_address for one in self._letters)]
        return {address.lower() for address in found if address}

    @property
    def replies(self) -> set[str]:
        """The addresses that readers write to, in lower case."""
        return {address.lower() for one in self._letters if (address := one.replies.address)}

    @property
    def _letters(self) -> list[Newsletter]:
        return list(self.config.newsletters.values())

    def number(self, token: str, purpose: str) -> int:
        """The number of the message that a token in an address is of; raises BadToken."""
        return tokens.read_until(token, self.keys, purpose, self.now)


def bare(address: str) -> str:
    """An address without its token, as config.yaml has it, in lower case."""
    return _TAG.sub("@", address.lower(), count=1)


def addressed(incoming: Incoming, house: House) -> int | None:
    """The message whose bounce address the mail came to; raises Distrusted for one that is forged or has ended."""
    for token in _tokens(incoming.recipients, house.bounces):
        try:
            return house.number(token, tokens.BOUNCE)
        except tokens.BadToken as error:
            raise Distrusted(f"of the address it came to: {error}") from error
    return None


def came_to_bounces(incoming: Incoming, house: House) -> bool:
    """Whether it came to an address that stands in no mail for people to read."""
    return any(bare(address) in house.bounces for address in incoming.recipients)


def answered(incoming: Incoming, house: House) -> int | None:
    """The message whose reply address the mail came to: enough for what only says that somebody is away."""
    return _first(_tokens(incoming.recipients, house.replies), lambda token: house.number(token, tokens.REPLY))


def returned(headers: Iterable[Mail], house: House) -> int | None:
    """The message that something signed in these headers is of, unless they contradict each other."""
    found: set[int] = set()
    for mail in headers:
        senders = [str(value) for name in _SENDERS for value in mail.get_all(name, [])]
        found |= _numbers(_tokens(senders, house.bounces), lambda token: house.number(token, tokens.BOUNCE))
        found |= _numbers(_ways_out(mail, house), lambda token: tokens.read(token, house.keys))
    named = {number for mail in headers if (number := named_in(mail, house))}
    return found.pop() if len(found) == 1 and not named - found else None


def named_in(mail: Mail | None, house: House) -> int | None:
    """The message that a Message-ID of our making names, which nobody has signed."""
    match = _IDENTITY.fullmatch(str(mail.get("Message-ID", "")).strip()) if mail else None
    letter = house.config.newsletters.get(match[2]) if match else None
    if match is None or letter is None:
        return None
    return int(match[1]) if letter.sender.address.rpartition("@")[2].lower() == match[3].lower() else None


def _ways_out(mail: Mail, house: House) -> Iterator[str]:
    """The tokens in our unsubscribe addresses; relays may have folded them."""
    value = re.sub(r"\s+", "", str(mail.get("List-Unsubscribe", ""))[:5000])
    yield from re.findall(rf"<{re.escape(house.config.site.url)}/u/([\w-]{{20,40}})>", value)


def _tokens(addresses: Iterable[str], ours: set[str]) -> Iterator[str]:
    for one in addresses:
        address = _ADDRESS.search(one)
        tag = _TAG.search(address[0]) if address else None
        if address and tag and bare(address[0]) in ours:
            yield tag[1]


def _numbers(found: Iterable[str], read: Callable[[str], int]) -> set[int]:
    numbers = set()
    for token in found:
        with suppress(tokens.BadToken):
            numbers.add(read(token))
    return numbers


def _first(found: Iterable[str], read: Callable[[str], int]) -> int | None:
    for token in found:
        with suppress(tokens.BadToken):
            return read(token)
    return None
