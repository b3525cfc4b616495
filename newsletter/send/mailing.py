"""One issue on its way: what is the same for every reader, cut at its holes, and what is each reader's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

from newsletter import holes, links, tokens
from newsletter.config import Config, Newsletter
from newsletter.models import Edition, Issue, Message
from subscribers.addresses import on_the_wire


@dataclass(frozen=True)
class Reader:
    """One recipient. `ref` names the message in Message-IDs, file names and provider arguments."""

    ref: str
    email: str
    name: str
    token: str
    reply: str = tokens.TEST

    @cached_property
    def values(self) -> dict[str, str]:
        """What this reader's holes are filled with."""
        return holes.values(self.token, self.email, self.name, self.reply)

    @classmethod
    def of(cls, message: Message, key: str, answers_until: datetime | None = None) -> Reader:
        """The recipient of a message of the ledger, whose subscriber must still exist.

        With `answers_until`, what this person answers by mail is known by its address until then.
        """
        person = message.subscriber
        if person is None:
            raise ValueError(f"message {message.pk} has no subscriber any more")
        reply = tokens.sign_until(message.pk, answers_until, key, tokens.REPLY) if answers_until else tokens.TEST
        return cls(str(message.pk), person.email, person.name, tokens.sign(message.pk, key), reply)


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
    listed: bool = True
    answered: bool = True

    @classmethod
    def of(cls, issue: Issue, edition: Edition, config: Config, subject_prefix: str = "") -> Mailing:
        """The mailing of an edition; a test's subject carries a prefix."""
        return cls(
            config, issue.newsletter, issue.slug, edition.marker, edition.digest, subject_prefix + edition.subject,
            edition.html, edition.text,
        )  # fmt: skip

    @property
    def newsletter(self) -> Newsletter:
        """The newsletter's part of config.yaml."""
        return self.config.newsletters[self.newsletter_id]

    @property
    def domain(self) -> str:
        """Our own mail domain, which Message-IDs and the List-Id belong to."""
        return on_the_wire(self.newsletter.sender.address).rpartition("@")[2]

    def filled(self, part: str, reader: Reader) -> str:
        """`subject`, `html` or `text` with this reader's holes filled."""
        pieces, names = self._cuts[part]
        out = [pieces[0]]
        for name, piece in zip(names, pieces[1:], strict=True):
            out += (reader.values[name], piece)
        return "".join(out)

    @cached_property
    def _cuts(self) -> dict[str, tuple[list[str], list[str]]]:
        return {part: holes.split(getattr(self, part), self.marker) for part in ("subject", "html", "text")}

    def reply_to(self, token: str) -> str:
        """Where an answer goes that bears this token, or the hole for one; nothing where From says it."""
        if self.answered and (address := self.newsletter.replies.address):
            return links.reply_address(address, token)
        return self.newsletter.sender.reply_to or ""

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
