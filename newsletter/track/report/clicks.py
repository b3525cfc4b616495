"""What readers followed: each link of an issue, and the stories and sections that the links belong to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

from django.db.models import Sum

from newsletter.links import UNSEEN
from newsletter.models import Edition, Issue, Item, Link, Tally

_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
# Known by its path and not by our site's address, which may have changed since.
_OWN_PAGE = re.compile(r"^https?://[^/]+/posts/(\d{1,18})/[^/]*/$")
NUMBERS = ("events", "human", "messages", "readers")


@dataclass(frozen=True)
class LinkClicks:
    """How often one address was clicked, by how many people; raw, and as people seem to have done it.

    `place` is that of the story it belongs to, from 1; 0 for what belongs to none.
    """

    url: str
    clicks: int = 0
    people: int = 0
    clicks_adjusted: int = 0
    people_adjusted: int = 0
    place: int = 0
    number: int = 0


@dataclass(frozen=True)
class StoryClicks:
    """How often the links of a story, or of a section, were followed."""

    title: str
    section: str
    clicks: int
    clicks_adjusted: int
    links: int


class Places:
    """Which story of an issue, counted from 1, an address belongs to."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_url: dict[str, int] = {}
        self._by_post: dict[int, int] = {}
        for place, item in enumerate(items, 1):
            self._by_post[item.post_id] = place
            for url in [item.url, *map(unescape, _HREF.findall(item.html))]:
                if url:
                    self._by_url.setdefault(url, place)

    def of(self, url: str) -> int:
        """The place of the story that it leads to, whose own page it is, or in whose text it stands; else 0."""
        if found := self._by_url.get(url):
            return found
        page = _OWN_PAGE.search(url)
        return self._by_post.get(int(page[1]), 0) if page else 0


def link_clicks(issue: Issue) -> tuple[LinkClicks, ...]:
    """Every address in the mail that people see, the most clicked first; those that nobody clicked too.

    Tests leave links behind, of posts that were taken out before the approval: they are not the mail's.
    """
    counted = _counted([issue.pk])
    mailed, places = in_the_mail(issue), Places(issue.items.all())
    found = [
        LinkClicks(url, clicks, people, human, readers, places.of(url), pk)
        for pk, url in Link.objects.filter(issue=issue).exclude(url__endswith=UNSEEN).values_list("pk", "url")
        for clicks, human, people, readers in [counted.get(pk, (0, 0, 0, 0))]
        if clicks or pk in mailed
    ]
    return tuple(sorted(found, key=lambda one: (-one.clicks_adjusted, -one.clicks, one.url)))


def story_clicks(issue: Issue, links: Iterable[LinkClicks]) -> list[StoryClicks]:
    """The stories of an issue in their order, each with the clicks on all its links; then what belongs to none.

    People are not added up: one person may have followed several links of a story.
    """
    by_place: dict[int, list[LinkClicks]] = defaultdict(list)
    for link in links:
        by_place[link.place].append(link)
    stories = [
        _story(item.title, _section(item), by_place.get(place, [])) for place, item in enumerate(issue.items.all(), 1)
    ]
    return stories + ([_story("", "", by_place[0])] if by_place.get(0) else [])


def liked_stories(issues: Iterable[Issue]) -> list[tuple[Issue, StoryClicks]]:
    """The stories of several issues with their clicks, by what people seem to have followed most."""
    issues = list(issues)
    counted, items = _counted([one.pk for one in issues]), _items(issues)
    links: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for pk, url, number in Link.objects.filter(issue__in=issues).values_list("pk", "url", "issue"):
        if pk in counted:
            links[number].append((pk, url))
    found = []
    for issue in issues:
        places = Places(items[issue.pk])
        told = [LinkClicks(url, counted[pk][0], 0, counted[pk][1], 0, places.of(url)) for pk, url in links[issue.pk]]
        for place, item in enumerate(items[issue.pk], 1):
            mine = [one for one in told if one.place == place]
            found.append((issue, _story(item.title, _section(item), mine)))
    return sorted(found, key=lambda one: (-one[1].clicks_adjusted, -one[1].clicks, one[1].title))


def by_section(stories: Iterable[StoryClicks]) -> list[tuple[str, int, StoryClicks]]:
    """The sections with the number of their stories and all their clicks, by clicks for each story."""
    parts: dict[str, list[StoryClicks]] = defaultdict(list)
    for one in stories:
        parts[one.section].append(one)
    found = [
        (name, len(some), StoryClicks("", name, *(sum(getattr(one, what) for one in some) for what in
         ("clicks", "clicks_adjusted", "links"))))
        for name, some in parts.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: -one[2].clicks_adjusted / one[1])


def in_the_mail(issue: Issue) -> set[int]:
    """The numbers of the links that the approved mail leads to, whichever of its variants a reader got."""
    found = (Edition.of(issue, variant) for variant in ("", *issue.variants))
    return {
        int(number) for one in found if one for number in re.findall(rf"/c/(\d+)/{one.marker}-", one.html)
    }  # fmt: skip


def _story(title: str, section: str, links: list[LinkClicks]) -> StoryClicks:
    clicks, human = sum(one.clicks for one in links), sum(one.clicks_adjusted for one in links)
    return StoryClicks(title, section, clicks, human, len(links))


def _section(item: Item) -> str:
    return f"{item.section_emoji} {item.section}".strip()


def _items(issues: list[Issue]) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = defaultdict(list)
    columns = Item.objects.only("issue_id", "post_id", "title", "section", "section_emoji", "url", "html", "position")
    for item in columns.filter(issue__in=issues).order_by("position"):
        found[item.issue_id].append(item)
    return found


def _counted(issues: list[int]) -> dict[int, tuple[int, int, int, int]]:
    """By link: clicks, those judged human, messages with one, and those with a human one."""
    rows = Tally.objects.filter(issue__in=issues, kind="click", link__isnull=False).order_by()
    return {pk: (a, b, c, d) for pk, a, b, c, d in rows.values_list("link").annotate(*map(Sum, NUMBERS))}
