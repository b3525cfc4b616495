"""Roles: what each may do, and who may do what for which newsletter. The one place where these rules stand.

A role is a group of Django's. Whoever is in the group holds it for all newsletters; a `Membership` gives it for one.
`user.has_perm` asks this too (newsletter/desk/signing/backend.py): with an issue, another row or a newsletter's name as
`obj` it is about that newsletter, without one it is whether somebody may at all, anywhere. While a request is about one
newsletter, `user.scope` says so, and then that question is about this newsletter (newsletter/desk/scope.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import Model, Q, QuerySet

from newsletter.models import Issue, Membership

LOOK = (
    "newsletter.view_issue", "newsletter.view_item", "newsletter.view_correction", "newsletter.view_post",
    "newsletter.view_source", "subscribers.view_list", "subscribers.view_segment",
)  # fmt: skip
WRITE = ("newsletter.change_issue", "newsletter.change_item", "newsletter.add_item", "newsletter.delete_item")
EDIT = (
    "newsletter.triage_post", "newsletter.send_issue", "newsletter.add_correction", "newsletter.change_correction",
    "newsletter.view_message", "newsletter.view_event", "newsletter.view_reply", "newsletter.add_reply",
    "newsletter.change_reply", "newsletter.view_testgroup", "newsletter.add_testgroup", "newsletter.change_testgroup",
    "newsletter.delete_testgroup",
)  # fmt: skip
APPROVE = ("newsletter.approve_issue", "newsletter.add_override")
MAIL = (
    "newsletter.view_message", "newsletter.view_event", "newsletter.view_reply", "newsletter.add_reply",
    "newsletter.change_reply", "newsletter.view_notice", "newsletter.change_notice", "newsletter.view_muted",
    "newsletter.add_muted", "newsletter.change_muted", "newsletter.delete_muted", "newsletter.view_rejected",
    "newsletter.view_payload", "newsletter.change_payload", "newsletter.view_posted", "newsletter.change_posted",
)  # fmt: skip
OF_A_NEWSLETTER = frozenset((*LOOK, *WRITE, *EDIT, *APPROVE))
"""What can be held for one newsletter alone. People and lists are shared by all, and so is whoever looks after them."""
WRITTEN = (Issue.Status.DRAFT, Issue.Status.IN_REVIEW)
"""While an issue stands here who may change issues changes it; later it takes the right to send as well."""


@dataclass(frozen=True)
class Role:
    """A role that every house has: its permissions, as `app.codename`; `apps` are those of which it has all."""

    says: str
    permissions: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


OWNER = "Owner"
ROLES = {
    "Writer": Role("writes drafts: edits issues until they are approved", (*LOOK, *WRITE)),
    "Editor": Role(
        "sorts the inbox, edits issues, schedules, sends and stops them, and answers readers", (*LOOK, *WRITE, *EDIT)
    ),
    "Approver": Role("approves issues", (*LOOK, *APPROVE)),
    "List admin": Role("looks after people, lists, segments, imports and moderation", (*LOOK, *MAIL), ("subscribers",)),
    "Analyst": Role("reads issues and reports, without anybody's address", LOOK),
    OWNER: Role(
        "may do everything, and says who may do what",
        apps=("newsletter", "subscribers", "auth", "admin"),
    ),
}


def agree() -> None:
    """Make the groups of these roles, and give each just its permissions; called after every migration."""
    known = {f"{one.content_type.app_label}.{one.codename}": one for one in _permissions()}
    for name, role in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        wanted = [known[one] for one in role.permissions if one in known]
        wanted += [one for one in known.values() if one.content_type.app_label in role.apps]
        group.permissions.set(wanted)


def _permissions() -> QuerySet[Permission]:
    return Permission.objects.select_related("content_type")


def is_owner(user: Any) -> bool:
    """Whether somebody is an owner: a superuser, or in that group."""
    if not (user.is_active and user.is_staff):
        return False
    return bool(user.is_superuser or user.groups.filter(name=OWNER).exists())


def owners() -> QuerySet[Any]:
    """Everybody who is."""
    return (
        get_user_model()
        .objects.filter(Q(is_superuser=True) | Q(groups__name=OWNER), is_active=True, is_staff=True)
        .distinct()
    )


def for_one(group: Group) -> bool:
    """Whether a role can be held for one newsletter: only if nothing that it gives reaches beyond."""
    return all(_name(one) in OF_A_NEWSLETTER for one in group.permissions.select_related("content_type"))


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def may(user: Any, permission: str, what: Any = None) -> bool:
    """Whether somebody may do that to a row or for a newsletter, given by its name; of nothing, whether at all."""
    return bool(user.has_perm(permission, what))


def newsletters_of(user: Any, permission: str) -> frozenset[str] | None:
    """The newsletters for which somebody holds a permission; None where they hold it for all there are."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser or permission in held(user)[""]:
        return None
    return frozenset(name for name, permissions in held(user).items() if name and permission in permissions)


def theirs(user: Any, permission: str, rows: QuerySet[Any], field: str = "newsletter") -> QuerySet[Any]:
    """The rows of newsletters for which somebody holds a permission; `field` leads to the newsletter's name."""
    names = newsletters_of(user, permission)
    return rows if names is None else rows.filter(**{f"{field}__in": sorted(names)})


def among(user: Any, permission: str, names: Iterable[str]) -> list[str]:
    """Those of these newsletters for which somebody holds a permission."""
    held_for = newsletters_of(user, permission)
    return [name for name in names if held_for is None or name in held_for]


def held(user: Any) -> dict[str, frozenset[str]]:
    """The permissions that somebody holds for each newsletter alone, and, under no name, for all; asked once."""
    if not hasattr(user, "_held"):
        found: dict[str, set[str]] = {"": set()}
        everywhere = Q(user=user) | Q(group__user=user)
        found[""] |= {_name(one) for one in _permissions().filter(everywhere).distinct()}
        rows = Membership.objects.filter(user=user).values_list(
            "newsletter", "group__permissions__content_type__app_label", "group__permissions__codename"
        )
        for newsletter, app, codename in rows:
            # What a group was given since beyond a newsletter is not held by who has it for one.
            if (name := f"{app}.{codename}") in OF_A_NEWSLETTER:
                found.setdefault(newsletter, set()).add(name)
        user._held = {name: frozenset(permissions) for name, permissions in found.items()}
    return user._held  # type: ignore[no-any-return]


def forget(user: Any) -> None:
    """Ask anew what somebody holds, the next time anybody wants to know."""
    for name in ("_held", "_held_for"):
        vars(user).pop(name, None)


def held_for(user: Any, what: Any) -> frozenset[str]:
    """All permissions that somebody holds for a row or a newsletter; of nothing, all that they hold anywhere."""
    newsletter = newsletter_of(what)
    # A page asks some thirty times.
    if not hasattr(user, "_held_for"):
        user._held_for = {None: frozenset().union(*held(user).values())}
    if newsletter not in user._held_for:
        user._held_for[newsletter] = held(user)[""] | held(user).get(newsletter or "", frozenset())
    known: frozenset[str] = user._held_for[newsletter]
    return known if newsletter is None else _while_it_stands(known, what)


def newsletter_of(what: Any) -> str | None:
    """The newsletter that something belongs to: its name, or a row with one, or one that hangs on an issue."""
    if isinstance(what, str):
        return what
    if isinstance(name := getattr(what, "newsletter", None), str):
        return name
    issue = getattr(what, "issue", None)
    return newsletter_of(issue) if isinstance(issue, Model) else None


def _while_it_stands(permissions: Collection[str], what: Any) -> frozenset[str]:
    """Without the right to change an issue that is approved, for who may not send: an edit would void the approval."""
    issue = what if isinstance(what, Issue) else getattr(what, "issue", None)
    if isinstance(issue, Issue) and issue.status not in WRITTEN and "newsletter.send_issue" not in permissions:
        return frozenset(permissions) - set(WRITE)
    return frozenset(permissions)


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
