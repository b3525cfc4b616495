"""Which link of an issue a click was on, where a provider tells only the address that it led to."""

from __future__ import annotations

from collections.abc import Iterable

from newsletter.models import Link, Message
from newsletter.models.edition import digest_of
from newsletter.models.taking import Happening


def with_links(told: Iterable[tuple[Happening, str]]) -> list[Happening]:
    """Happenings with the numbers of their links; an address that is no link of the issue is no link.

    Such are those with a reader's token in them, which belong to one mail alone.
    """
    pairs = list(told)
    numbers = _numbers({(one.message, url) for one, url in pairs if url})
    return [one._replace(link=numbers.get((one.message, url))) if url else one for one, url in pairs]


def _numbers(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    if not wanted:
        return {}
    keys = {url: digest_of(url) for _, url in wanted}
    issues = dict(Message.objects.filter(pk__among=list({one for one, _ in wanted})).values_list("pk", "issue"))
    rows = Link.objects.filter(issue__in=set(issues.values()), key__in=set(keys.values()))
    found = {(issue, key): pk for pk, issue, key in rows.values_list("pk", "issue", "key")}
    links = {(message, url): found.get((issues.get(message, 0), keys[url])) for message, url in wanted}
    return {place: pk for place, pk in links.items() if pk}
