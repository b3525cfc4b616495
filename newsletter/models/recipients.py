"""Who an issue is for: the lists of its newsletter, narrowed down by what config.yaml and the issue itself say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newsletter.config import Config, Newsletter, Problem
from newsletter.models.issue import Issue
from subscribers.audience import Audience, Part
from subscribers.models import Segment
from subscribers.segments import Broken, condition


class AudienceUnknown(ValueError):
    """A segment that says who is meant is gone, or cannot be followed; the message says which, and why."""


def audience_of(issue: Issue, newsletter: Newsletter) -> Audience:
    """The audience as it would be frozen now. Raises AudienceUnknown: a broken segment never means everybody."""
    only = _parts([newsletter.audience] if newsletter.audience else [], issue.segment)
    without = _parts(newsletter.without, issue.left_out)
    wanting = still_wanting(issue, newsletter)
    return Audience(wanting.lists, wanting.summary, tuple(only), tuple(without))


def still_wanting(issue: Issue, newsletter: Newsletter) -> Audience:
    """All who want the newsletter, segments aside.

    Asked of each person at the last moment, to see whether they still do. Who was meant was settled when the audience
    was frozen: it does not change with every open while the issue is going out.
    """
    return Audience(tuple(ref.name for ref in newsletter.lists), summary=issue.kind == Issue.Kind.SUMMARY)


def _parts(names: Sequence[str], also: Segment | None) -> Iterator[Part]:
    known = Segment.objects.in_bulk(list(names), field_name="name") if names else {}
    for name in names:
        if name not in known:
            raise AudienceUnknown(f"there is no segment '{name}' (any more), which config.yaml names")
        yield _part(known[name])
    if also:
        yield _part(also)


def _part(segment: Segment) -> Part:
    try:
        return Part(segment.title, condition(segment.rules, segment.name))
    except Broken as broken:
        raise AudienceUnknown(f"the segment “{segment}” cannot be followed: {broken}") from None


def unfollowable(config: Config) -> list[Problem]:
    """The segments that config.yaml names and that are not there, or cannot be followed."""
    found = []
    for newsletter, letter in config.newsletters.items():
        places = [("audience", letter.audience)] if letter.audience else []
        places += [(f"without[{number}]", name) for number, name in enumerate(letter.without)]
        for key, name in places:
            try:
                list(_parts([name], None))
            except AudienceUnknown as error:
                hint = "make or mend it at the desk; until then no issue starts"
                found.append(Problem(f"newsletters.{newsletter}.{key}", str(error), "segments", hint))
    return found
