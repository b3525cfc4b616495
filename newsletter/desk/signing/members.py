"""Members of the staff: inviting them, giving them roles, sending them away; each is written down with what was before.

Only owners do this, and one of them always stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.admin.models import ADDITION
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from newsletter import roles
from newsletter.models import Membership, deeds

Held = set[tuple[str, str]]
"""Roles: the group's name, and the newsletter's, which is empty where it is held for all."""


class Refused(ValueError):
    """This cannot be done to a member; the message says why."""


def held(user: Any) -> Held:
    """The roles that somebody holds; a superuser is an owner."""
    if user.pk is None:
        return set()
    found = {(name, "") for name in user.groups.values_list("name", flat=True)}
    found |= set(user.memberships.values_list("group__name", "newsletter"))
    return found | ({(roles.OWNER, "")} if user.is_superuser else set())


def give(user: Any, wanted: Held) -> None:
    """Let somebody hold just these roles. Raises Refused."""
    with one_owner_stays():
        before = held(user)
        groups = {group.name: group for group in Group.objects.filter(name__in={name for name, _ in wanted})}
        for name, newsletter in wanted:
            if newsletter and not roles.for_one(groups[name]):
                raise Refused(f"{name} reaches beyond one newsletter, and can only be held for all")
        user.groups.set([group for name, group in groups.items() if (name, "") in wanted])
        user.memberships.all().delete()
        rows = [Membership(user=user, group=groups[name], newsletter=letter) for name, letter in wanted if letter]
        Membership.objects.bulk_create(rows)
        if user.is_superuser and (roles.OWNER, "") not in wanted:
            user.is_superuser = False
            user.save(update_fields=["is_superuser"])
        roles.forget(user)
        deeds.note(user, [("roles", in_words(before), in_words(wanted))])


def invite(user: Any, wanted: Held) -> None:
    """Make a new member, who has no password yet. Raises Refused."""
    with transaction.atomic():
        user.is_staff, user.is_superuser = True, False
        user.set_unusable_password()
        user.save()
        deeds.say(user, f"invited by mail to {user.email}", flag=ADDITION)
        give(user, wanted)


def set_active(user: Any, active: bool) -> None:
    """Let somebody in again, or no longer, at once and everywhere. Raises Refused."""
    with one_owner_stays():
        before = user.is_active
        get_user_model().objects.filter(pk=user.pk).update(is_active=active, is_staff=True)
        user.refresh_from_db()
        words = {True: "may sign in", False: "deactivated"}
        deeds.note(user, [("standing", words[before], words[active])])


def in_words(some: Held) -> str:
    """Roles as the log and the list have them: “Editor of weekly, Approver”."""
    order = [*roles.ROLES]

    def place(one: tuple[str, str]) -> tuple[Any, ...]:
        return (one[1], order.index(one[0]) if one[0] in order else len(order), one[0])

    return ", ".join(f"{name} of {letter}" if letter else name for name, letter in sorted(some, key=place)) or "no role"


@contextmanager
def one_owner_stays() -> Iterator[None]:
    """Take back what would leave nobody who may do everything; of two at once, one waits for the other."""
    with transaction.atomic():
        list(Group.objects.select_for_update().filter(name=roles.OWNER).values_list("pk"))
        had = roles.owners().exists()
        yield
        if had and not roles.owners().exists():
            raise Refused("This is the last owner: make somebody else an owner first")
