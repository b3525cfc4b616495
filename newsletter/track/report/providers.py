"""Who has the readers' mailboxes, by the domains of their addresses, and how an issue fared with each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db.models import Count

from newsletter.config import Config
from newsletter.models import Event, Issue, Message, Sign

State, Kind = Message.State, Event.Kind
GMAIL, OUTLOOK, YAHOO, APPLE, OWN, OTHERS, ERASED = (
    "Gmail", "Outlook", "Yahoo", "Apple", "Our own", "Others", "(erased)",
)  # fmt: skip
PROVIDERS = (GMAIL, OUTLOOK, YAHOO, APPLE, OWN, OTHERS, ERASED)
"""In the order in which they are shown."""
_DOMAINS = {
    "gmail.com": GMAIL, "googlemail.com": GMAIL, "msn.com": OUTLOOK, "ymail.com": YAHOO, "rocketmail.com": YAHOO,
    "aol.com": YAHOO, "icloud.com": APPLE, "me.com": APPLE, "mac.com": APPLE,
}  # fmt: skip
_BRANDS = {"outlook": OUTLOOK, "hotmail": OUTLOOK, "live": OUTLOOK, "yahoo": YAHOO, "aol": YAHOO}
"""Names that stand before many endings, such as hotmail.fr and yahoo.co.jp."""
_SIGNS = {Kind.OPEN: "opened", Kind.CLICK: "clicked", Kind.UNSUBSCRIBE: "unsubscribed"}


@dataclass
class Share:
    """The messages of an issue that went to one provider."""

    provider: str
    messages: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    opened: int = 0
    opened_adjusted: int = 0
    clicked: int = 0
    clicked_adjusted: int = 0
    unsubscribed: int = 0


def provider_of(domain: str | None, own: Collection[str] = ()) -> str:
    """The provider of a domain; of a company's own domain nobody knows from outside, so it is among the others."""
    if domain is None:
        return ERASED
    if domain in own or any(domain.endswith(f".{one}") for one in own):
        return OWN
    name, _, ending = domain.partition(".")
    brand = _BRANDS.get(name) if len(ending) <= 6 else None
    return _DOMAINS.get(domain) or brand or OTHERS


def own_domains(config: Config, newsletter: str) -> set[str]:
    """The domains that are ours: the newsletter's sender's, and the site's."""
    letter = config.newsletters.get(newsletter)
    found = {letter.sender.address.rpartition("@")[2].lower()} if letter else set()
    host = config.site.url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return found | ({host} if "." in host and not host.replace(".", "").isdigit() else set())


def count(issue: Issue, own: Collection[str]) -> list[Share]:
    """Every provider's part of an issue, counted from messages and signs; seconds for a million."""
    found = {name: Share(name) for name in PROVIDERS}
    for domain, state, number in _messages(issue):
        share = found[provider_of(domain, own)]
        share.messages += number
        share.sent += number * (state in (State.SUBMITTED, State.DELIVERED, State.COMPLAINED))
        share.delivered += number * (state in (State.DELIVERED, State.COMPLAINED))
        share.bounced += number * (state == State.BOUNCED)
        share.complained += number * (state == State.COMPLAINED)
    for domain, kind, messages, readers in _signs(issue):
        share, name = found[provider_of(domain, own)], _SIGNS[Kind(kind)]
        setattr(share, name, getattr(share, name) + messages)
        if kind != Kind.UNSUBSCRIBE:
            setattr(share, f"{name}_adjusted", getattr(share, f"{name}_adjusted") + readers)
    return [share for share in found.values() if share.messages]


def rows(shares: list[Share]) -> list[dict[str, Any]]:
    """As they are kept."""
    return [asdict(one) for one in shares]


def read(kept: list[dict[str, Any]]) -> list[Share]:
    """As they were kept."""
    known = {field.name for field in fields(Share)}
    return [Share(**{name: value for name, value in row.items() if name in known}) for row in kept]


def _messages(issue: Issue) -> Any:
    mine = Message.objects.filter(issue=issue).exclude(state=State.EXCLUDED).order_by()
    return mine.values_list("subscriber__domain", "state").annotate(Count("pk")).iterator()


def _signs(issue: Issue) -> Any:
    mine = Sign.objects.filter(message__issue=issue, link=None, kind__in=list(_SIGNS)).order_by()
    counts = Count("pk"), Count("first_human_at")
    return mine.values_list("message__subscriber__domain", "kind").annotate(*counts).iterator()
