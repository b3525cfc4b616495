"""The lists that readers are offered: those of config.yaml, with what staff say of them on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.config import Config, Newsletter
from newsletter.config.schema import ListRef
from subscribers.models import List, Subscriber


@dataclass(frozen=True)
class Offer:
    """A list with the newsletters that go to it, the first of which lends its look and its sender."""

    name: str
    title: str
    description: str
    language: str
    public: bool
    single: bool
    """Whether an address that is typed is on the list at once."""
    newsletters: tuple[str, ...]
    summary: bool = True
    """Whether all of its newsletters have a monthly summary, for who asks for that gets nothing else of them."""

    @property
    def newsletter(self) -> str:
        """The newsletter in whose name the list writes."""
        return self.newsletters[0]


def offers(config: Config, newsletter: str = "") -> list[Offer]:
    """Every list that a newsletter goes to, public or not, in the order of config.yaml.

    What a list does not say of itself, one of its newsletters says: the one that is named, else its first.
    """
    rows = List.objects.in_bulk(field_name="name")
    refs: dict[str, ListRef] = {}
    for letter in config.newsletters.values():
        for ref in letter.lists:
            refs.setdefault(ref.name, ref)
    return [_offer(config, ref, rows.get(ref.name), newsletter) for ref in refs.values()]


def public_offers(config: Config) -> list[Offer]:
    """The lists that anybody may join."""
    return [offer for offer in offers(config) if offer.public]


def offer_of(config: Config, name: str, newsletter: str = "") -> Offer | None:
    """The list of this name, public or not; none if no newsletter goes to it, for then nothing would ever come.

    What it does not say of itself, one of its newsletters says: the one that is named, else its first.
    """
    ref = next((ref for _, ref in _refs(config) if ref.name == name), None)
    return _offer(config, ref, List.objects.filter(name=name).first(), newsletter) if ref else None


def first_public(config: Config, newsletter: str) -> Offer | None:
    """The list that the newsletter's own page joins: the first of its lists that is public."""
    found = (offer_of(config, ref.name, newsletter) for ref in config.newsletters[newsletter].lists)
    return next((offer for offer in found if offer and offer.public), None)


def row_of(config: Config, ref: ListRef) -> List:
    """The row of a list of config.yaml, made at its first use.

    A newsletter's first list is for everybody; its further ones begin as private, for those whom staff put there.
    """
    defaults = {"title": ref.title, "public": _is_first(config, ref.name)}
    return List.objects.get_or_create(name=ref.name, defaults=defaults)[0]


def make_row(config: Config, name: str) -> List:
    """The row of a list that a newsletter goes to, made at its first use."""
    return row_of(config, next(ref for _, ref in _refs(config) if ref.name == name))


def languages(config: Config) -> list[str]:
    """The languages in use among newsletters and lists."""
    spoken = [letter.language for letter in config.newsletters.values()]
    return list(dict.fromkeys((*spoken, *(offer.language for offer in offers(config)))))


def languages_of(config: Config, person: Subscriber | None, newsletter: str = "") -> list[str]:
    """The languages to address a person in, the best first: their own, that of a list they are on, the newsletter's.

    Where a newsletter is named, its lists go first.
    """
    letter = config.newsletters.get(newsletter)
    own = [person.language] if person and person.language else []
    held = _languages_of_lists(config, person, newsletter) if person else []
    return list(dict.fromkeys((*own, *held, *([letter.language] if letter else []))))


def _languages_of_lists(config: Config, person: Subscriber, newsletter: str) -> list[str]:
    """Those of the lists that a person is on, or has left: who comes back to a page is still spoken to as before."""
    known = {offer.name: offer for offer in offers(config, newsletter)}
    rows = person.subscriptions.order_by("status", "pk").values_list("list__name", flat=True)
    held = [known[name] for name in rows if name in known]
    return [offer.language for offer in sorted(held, key=lambda offer: newsletter not in offer.newsletters)]


def _refs(config: Config) -> Iterator[tuple[str, ListRef]]:
    for name, letter in config.newsletters.items():
        for ref in letter.lists:
            yield name, ref


def _is_first(config: Config, name: str) -> bool:
    return any(letter.lists[0].name == name for letter in config.newsletters.values())


def _offer(config: Config, ref: ListRef, row: List | None, newsletter: str = "") -> Offer:
    row = row or List(name=ref.name, title=ref.title, public=_is_first(config, ref.name))
    newsletters = tuple(dict.fromkeys(name for name, one in _refs(config) if one.name == ref.name))
    first: Newsletter = config.newsletters[newsletter if newsletter in newsletters else newsletters[0]]
    return Offer(
        name=row.name,
        title=row.title or ref.title or first.title,
        description=row.description,
        language=row.language or first.language,
        public=row.public,
        single=row.opt_in == List.OptIn.SINGLE,
        newsletters=newsletters,
        summary=all(config.newsletters[one].summary for one in newsletters),
    )
