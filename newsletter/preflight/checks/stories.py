"""The stories of an issue: too few in a section, or told before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from difflib import SequenceMatcher
from itertools import combinations
from typing import NamedTuple

from newsletter.markup.urls import canonical, key
from newsletter.models import Issue, Item
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof, place
from newsletter.render.words import one_line

BACK = timedelta(days=366)
MOST = 2000
"""Earlier stories that are compared with."""
ALIKE = 0.88
"""Of two titles, by the share of letters that they have in common in the same order."""
_WORDS = re.compile(r"\w+")


class Told(NamedTuple):
    """A story of an earlier issue."""

    post: int
    url: str
    title: str
    slug: str


def sections(proof: Proof) -> Iterator[Finding]:
    """Fewer stories than a minimum asks for, as when an editor has taken some out."""
    if proof.issue.kind != Issue.Kind.REGULAR:
        return
    counts = Counter(one_line(item.section) for item in proof.items)
    for part in (*proof.letter.sections, *filter(None, [proof.letter.other])):
        have = counts[one_line(part.title)]
        if have < part.min:
            yield _short(f"it has {have} stor{'y' if have == 1 else 'ies'}, at least {part.min} are wanted",
                         f"section “{part.title}”")  # fmt: skip
    if len(proof.items) < proof.letter.min:
        yield _short(f"it has {len(proof.items)} stories, at least {proof.letter.min} are wanted", "the issue")


def _short(what: str, where: str) -> Finding:
    return Finding("section-short", what, "add a story, or lower min in config.yaml", where)


def again(proof: Proof) -> Iterator[Finding]:
    """Stories that readers have had already; a monthly summary tells again what it sums up."""
    if proof.issue.kind != Issue.Kind.REGULAR:
        return
    before = _before(proof.issue)
    posts = {told.post: told for told in before}
    urls = {key(told.url): told for told in before if told.url}
    told = {tuple(_tokens(one.title)): one for one in before}
    for item in proof.items:
        url = canonical(item.url) if item.url else ""
        same = posts.get(item.post_id) or (urls.get(key(url)) if url else None)
        if same:
            yield Finding("story-again", f"it was in the issue of {same.slug} already",
                          "take it out, unless that is meant", place(item), item.pk, same.slug)  # fmt: skip
        elif like := _like(_tokens(item.title), told):
            yield _alike(item, f"the issue of {like.slug} had “{like.title}”", like.slug)
    for one, other in combinations(proof.items, 2):
        if are_alike(_tokens(one.title), _tokens(other.title)):
            yield _alike(other, f"{place(one)} in this issue says nearly the same", one.title)


def _before(issue: Issue) -> list[Told]:
    """The stories of public issues of the last year, the latest first."""
    earlier = Issue.public().filter(
        newsletter=issue.newsletter, due_at__gt=issue.due_at - BACK, kind=Issue.Kind.REGULAR
    )
    rows = Item.objects.filter(issue__in=earlier.exclude(pk=issue.pk)).order_by("-issue__due_at", "position")
    return [Told(*row) for row in rows.values_list("post_id", "url", "title", "issue__slug")[:MOST]]


def _alike(item: Item, what: str, about: str) -> Finding:
    return Finding("story-alike", what, "see whether it is the same story", place(item), item.pk, about)


def _tokens(title: str) -> list[str]:
    return _WORDS.findall(title.casefold())


def _like(title: Sequence[str], others: dict[tuple[str, ...], Told]) -> Told | None:
    return next((told for other, told in others.items() if are_alike(title, other)), None)


def are_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two titles, as words, are nearly the same; very short ones only if they are the same."""
    if not one or not other:
        return False
    if min(len(one), len(other)) < 3:
        return list(one) == list(other)
    shared = len(set(one) & set(other)) / max(len(set(one)), len(set(other)))
    # Most titles share next to nothing, and letters are compared only where words are.
    return shared >= 0.5 and SequenceMatcher(None, " ".join(one), " ".join(other)).ratio() >= ALIKE
