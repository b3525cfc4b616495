"""One issue on its way: what is the same for every reader, cut at its holes, and what is each reader's own."""

from __future__ import annotations

from dataclasses import dataclass
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

    @cached_property
    def values(self) -> dict[str, str]:
        """What this reader's holes are filled with."""
        return holes.values(self.token, self.email, self.name)

    @classmethod
    def of(cls, message: Message, key: str) -> Reader:
        """The recipient of a message of the ledger, whose subscriber must still exist."""
        person = message.subscriber
        if person is None:
            raise ValueError(f"message {message.pk} has no subscriber any more")
        return cls(str(message.pk), person.email, person.name, tokens.sign(message.pk, key))


@dataclass(frozen=True)
class Mailing:
    """An edition and what its headers need, for any transport."""

    config: Config
    newsletter_id: str
    slug: str
    marker: str
    digest: str
    subject: str
    html: str
    text: str

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

    def list_headers(self, token: str) -> dict[str, str]:
        """The headers by which mail programs offer to leave the list with one click (RFC 2369, RFC 8058)."""
        ways = [f"<{links.unsubscribe(self.config, token)}>"]
        if mailbox := self.newsletter.sender.unsubscribe_address:
            ways.append(f"<mailto:{quote(on_the_wire(mailbox), safe='@+')}?subject=unsubscribe%20{token}>")
        return {"List-Unsubscribe": ", ".join(ways), "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}

    def bulk_headers(self) -> dict[str, str]:
        """The headers that are the same for the whole issue."""
        campaign = f"{self.newsletter_id}-{self.slug}"
        return {
            "List-Id": f"<{self.newsletter_id}.{self.domain}>",
            "Feedback-ID": f"{campaign}:{self.newsletter_id}:newsletter:{self.domain.replace('.', '-')}",
            "Precedence": "bulk",
        }
