"""Trying an issue out: the groups that its tests can go to, and the tests that were sent."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from newsletter.models import Chore, Issue, TestGroup
from newsletter.settings import current


class Group(NamedTuple):
    """A group that a test can go to, from the desk or from config.yaml; `value` is what the form says for it."""

    value: str
    name: str
    addresses: tuple[str, ...]


def groups(newsletter: str) -> list[Group]:
    """The groups that a newsletter's tests can go to."""
    letter = current().newsletters.get(newsletter)
    named = letter.test_groups.items() if letter else ()
    return [
        *(Group(str(one.pk), one.name, tuple(one.addresses)) for one in TestGroup.for_newsletter(newsletter)),
        *(Group(name, name, addresses) for name, addresses in named),
    ]


def tests(issue: Issue) -> QuerySet[Chore]:
    """The tests of an issue that were asked for in the last day."""
    return Chore.objects.filter(kind=Chore.Kind.TEST, subject=str(issue.pk))


def shown(request: HttpRequest, issue: Issue) -> Chore | None:
    """The test whose outcome the address of a page asks for."""
    asked = request.GET.get("test", "")
    try:
        return tests(issue).filter(pk=UUID(asked)).first() if asked else None
    except ValueError:
        return None
