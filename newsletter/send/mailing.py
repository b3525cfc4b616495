"""One issue on its way: what is the same for every reader, cut at its holes, and what is each reader's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from newsletter import holes, links, splice, tokens
from newsletter.config import Config, Newsletter
from newsletter.models import Due, Edition, Issue
from newsletter.questions import Person, Question, asks_for
from newsletter.splice import Answers, Skeleton
from subscribers.addresses import on_the_wire
from subscribers.fields import tidy
from subscribers.models import memberships
from subscribers.models.subscription import Membership

NOWHERE = Membership()
PARTS = ("subject", "html", "text")


@dataclass(slots=True)
class Reader:
    """One recipient. `ref` names the message in Message-IDs, file names and provider arguments.

    `fields`, `lists`, `tags` and the topics in `without` are what editions may ask about; see `questions`. Made for
    each message, and so neither frozen nor with cached properties, which cost several times as much.
    """

    ref: str
    email: str
    name: str
    token: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    reply: str = tokens.TEST
    tags: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    bounce: str = ""
    """What the envelope's sender says of the message; nothing for a mail that is not in the ledger."""
    _values: holes.Values | None = field(default=None, init=False, repr=False, compare=False)
    _answered: tuple[Mailing, Answers] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def person(self) -> Person:
        """Whom an edition's questions are asked of."""
        return Person(self.email, self.name, self.fields, self.lists, self.tags, self.without)

    @property
    def values(self) -> holes.Values:
        """What this reader's holes are filled with, in every edition."""
        if self._values is None:
            self._values = holes.values(self.token, tidy(self.email), tidy(self.name), self.reply)
        return self._values

    def answers(self, mailing: Mailing, questions: Sequence[Question]) -> Answers:
        """What this reader says to the questions of an edition, each asked once; the latest mailing's are kept."""
        if self._answered is None or self._answered[0] is not mailing:
            self._answered = (mailing, Answers(self.values, self.person, questions))
        return self._answered[1]

    @classmethod
    def of(
        cls,
        due: Due,
        key: str,
        place: Membership = NOWHERE,
        answers_until: datetime | None = None,
        bounces_until: datetime | None = None,
    ) -> Reader:
        """The recipient of a message of the ledger.

        With `answers_until`, what this person answers by mail is known by its address until then; with `bounces_until`,
        what servers answer.
        """
        reply = tokens.sign_until(due.number, answers_until, key, tokens.REPLY) if answers_until else tokens.TEST
        bounce = tokens.sign_until(due.number, bounces_until, key, tokens.BOUNCE) if bounces_until else ""
        token = tokens.sign(due.number, key)
        return cls(
            str(due.number), due.email, due.name, token, due.fields, place.lists, reply, place.tags, place.without,
            bounce,
        )  # fmt: skip


@dataclass(frozen=True)
class Mailing:
    """An edition, or a mail to one person that belongs to none, and what its headers need, for any transport.

    `listed` says that it goes to a list: nobody unsubscribes from a mail that lets one person in, or answers one.
    `answered` says that its readers may answer to an address that knows them, where config.yaml has one for that.
    """

    config: Config
    newsletter_id: str
    slug: str
    marker: str
    digest: str
    subject: str
    html: str
    text: str
    late: Sequence[Any] = ()
    listed: bool = True
    answered: bool = True
    sender_name: str = ""
    """Empty: the newsletter's own."""
    variant: str = ""

    @classmethod
    def of(
        cls, issue: Issue, edition: Edition, config: Config, subject_prefix: str = "", variant: str = ""
    ) -> Mailing:  # fmt: skip
        """The mailing of an edition; a test's subject carries a prefix, and `variant` says whose messages these are."""
        return cls(
            config, issue.newsletter, issue.slug, edition.marker, edition.digest, subject_prefix + edition.subject,
            edition.html, edition.text, edition.late, sender_name=edition.sender_name, variant=variant,
        )  # fmt: skip

    @cached_property
    def newsletter(self) -> Newsletter:
        """The newsletter's part of config.yaml; the sender's name may be the edition's own."""
        letter = self.config.newsletters[self.newsletter_id]
        if not self.sender_name:
            return letter
        return letter.model_copy(update={"sender": letter.sender.model_copy(update={"name": self.sender_name})})

    @property
    def domain(self) -> str:
        """Our own mail domain, which Message-IDs and the List-Id belong to."""
        return on_the_wire(self.newsletter.sender.address).rpartition("@")[2]

    def filled(self, part: str, reader: Reader) -> str:
        """`subject`, `html` or `text` with this reader's holes filled."""
        values = self.values(reader)
        pieces, names = self._skeletons[part].cut(values)
        out = [pieces[0]]
        for name, piece in zip(names, pieces[1:], strict=True):
            out += (values[name], piece)
        return "".join(out)

    def values(self, reader: Reader) -> Mapping[str, str]:
        """What the reader's holes are filled with."""
        return self.answers(reader) if self.late else reader.values

    def answers(self, reader: Reader) -> Answers:
        """What the reader says to this edition's questions; asked once, whatever part they stand in."""
        return reader.answers(self, self._questions)

    def shortened(self, reader: Reader, longest: int) -> Answers:
        """The same with what is known of the reader cut to so many characters each, for a way out that has no room."""
        person = reader.person.shortened(longest)
        values = {**splice.plain_values(reader.token, person), "reply": reader.reply}
        return Answers(values, person, self._questions)

    def skeleton(self, part: str, reader: Reader) -> str:
        """A part as this reader gets it, its holes still open."""
        return self._skeletons[part].text(self.values(reader))

    def names(self, reader: Reader) -> list[str]:
        """The holes in all parts of what this reader gets, each once."""
        cuts = (self._skeletons[part].cut(self.values(reader)) for part in PARTS)
        return list(dict.fromkeys(name for _, names in cuts for name in names))

    def path(self, reader: Reader) -> tuple[bool, ...]:
        """What decides which skeletons a reader gets: readers with equal paths get equal ones, in every part."""
        if not self.differs:
            return ()
        values = self.answers(reader)
        return tuple(taken for part in self._forks for taken in part.path(values))

    def places(self, subscribers: Iterable[int | None]) -> Mapping[int, Membership]:
        """What this edition asks about the lists, tags and topics of these people; nothing if it asks of none."""
        asks_tags = asks_for(self.late, "reader", "tags")
        if not (asks_tags or asks_for(self.late, "reader", "lists") or asks_for(self.late, "topic")):
            return {}
        return memberships(subscribers, of=[ref.name for ref in self.newsletter.lists], tagged=asks_tags)

    @cached_property
    def asks_fields(self) -> bool:
        """Whether this edition asks for more of a reader than address, name, lists, tags and topics."""
        return any(asks_for(self.late, *what) for what in (("field",), ("fields",), ("reader", "first_name")))

    @cached_property
    def _questions(self) -> list[Question]:
        return splice.questions(self.late)

    @cached_property
    def _skeletons(self) -> dict[str, Skeleton]:
        return {part: Skeleton(getattr(self, part), self.marker, part) for part in PARTS}

    @property
    def differs(self) -> bool:
        """Whether it is not the same text for every reader, holes aside."""
        return bool(self._forks)

    @cached_property
    def _forks(self) -> list[Skeleton]:
        """The parts that are not the same for everybody."""
        return [part for part in self._skeletons.values() if part.differs]

    def reply_to(self, token: str) -> str:
        """Where an answer goes that bears this token, or the hole for one; nothing where From says it."""
        if self.answered and (address := self.newsletter.replies.address):
            return links.reply_address(address, token)
        return self.newsletter.sender.reply_to or ""

    @cached_property
    def bounces(self) -> str:
        """The envelope's sender, where bounces go; a token is added to it where config.yaml has an address for them."""
        return links.bounces_of(self.config, self.newsletter_id) or self.newsletter.sender.address

    def list_headers(self, token: str) -> dict[str, str]:
        """The headers by which mail programs offer to leave the list with one click (RFC 2369, RFC 8058)."""
        if not self.listed:
            return {}
        ways = [f"<{links.unsubscribe(self.config, token)}>"]
        if mailbox := self.newsletter.sender.unsubscribe_address:
            ways.append(f"<mailto:{quote(on_the_wire(mailbox), safe='@+')}?subject=unsubscribe%20{token}>")
        return {"List-Unsubscribe": ", ".join(ways), "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}

    def bulk_headers(self) -> dict[str, str]:
        """The headers that are the same for the whole issue; of a mail to one person, that no person wrote it."""
        if not self.listed:
            return {"Auto-Submitted": "auto-generated"}
        campaign = f"{self.newsletter_id}-{self.slug}"
        return {
            "List-Id": f"<{self.newsletter_id}.{self.domain}>",
            "Feedback-ID": f"{campaign}:{self.newsletter_id}:newsletter:{self.domain.replace('.', '-')}",
            "Precedence": "bulk",
        }
