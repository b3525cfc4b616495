"""Staff: who they are, what each wants to be told of, and whom the house writes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from newsletter.config import Config
from newsletter.models import Membership, Wish
from newsletter.models.deeds import NOBODIES
from subscribers.addresses import InvalidAddress, normalize

SEE = "newsletter.view_issue"


@dataclass(frozen=True)
class News:
    """Something that staff may be told of by mail: what it is, and who is told unless they wish otherwise.

    `default` are permissions: who holds one of them for the newsletter is told. `alerts` says that the addresses of
    `site.alerts` are, too.
    """

    title: str
    default: tuple[str, ...]
    alerts: bool = False


WRITE, APPROVE, SEND = "newsletter.change_issue", "newsletter.approve_issue", "newsletter.send_issue"
NEWS = {
    "draft_ready": News("a draft is ready to be looked over", (WRITE,)),
    "wanted": News("an issue waits for approval", (APPROVE,)),
    "refused": News("an issue was sent back, with the reason", (WRITE,)),
    "voided": News("an approval is void, because the issue was edited", (APPROVE, SEND)),
    "trial": News("the A/B test of an issue is over: a winner was found, or waits to be chosen", (SEND,)),
    "sent": News("an issue has been sent", (SEND,)),
    "paused": News("somebody has paused, resumed or cancelled an issue", (SEND,)),
    "failed": News("an issue has stopped itself, or a part of it waits", (SEND,), alerts=True),
    "odd": News("something about what came back of an issue is odd", (SEND,), alerts=True),
    "report": News("the figures of an issue, a day after it was sent", (SEE,), alerts=True),
}
"""What staff can be told of, in the order in which it happens to an issue."""


def people() -> QuerySet[Any]:
    """Everybody who is or was staff, without those of the log who are no persons."""
    return get_user_model().objects.exclude(username__in=NOBODIES)


def holders(permission: str, newsletter: str) -> QuerySet[Any]:
    """Staff who hold a permission for a newsletter: by a role for it or for all, by themselves, or as superusers."""
    app, _, codename = permission.partition(".")
    of = Permission.objects.filter(content_type__app_label=app, codename=codename)
    by_role = Membership.objects.filter(newsletter=newsletter, group__permissions__in=of).values("user")
    holds = Q(is_superuser=True) | Q(user_permissions__in=of) | Q(groups__permissions__in=of) | Q(pk__in=by_role)
    return people().filter(holds, is_active=True, is_staff=True).distinct()


def recipients(config: Config, news: str, newsletter: str, only_wished: bool = False) -> list[str]:
    """The addresses to which that news of a newsletter goes, each once: staff who may see its issues, and want it.

    With `only_wished`, no one's role makes them want it.
    """
    what = NEWS[news]
    wishes = dict(Wish.objects.filter(news=news).values_list("user", "wanted"))
    rights = () if only_wished else what.default
    default = {pk for right in rights for pk in holders(right, newsletter).values_list("pk", flat=True)}
    seeing = holders(SEE, newsletter).exclude(email="").values_list("pk", "email")
    found = {email for pk, email in seeing if wishes.get(pk, pk in default) and can_be_mailed(email)}
    return sorted(found | set(config.site.alerts if what.alerts else ()))


def follows(user: Any, news: str, issue: Any) -> bool:
    """Whether somebody who has to do with an issue can be told of it, and does not wish otherwise."""
    refused = Wish.objects.filter(user=user, news=news, wanted=False).exists()
    return bool(user.is_active and user.is_staff and user.email and not refused and user.has_perm(SEE, issue))


def can_be_mailed(address: str) -> bool:
    """Whether mail can go there at all: an account made long ago may have `editor@localhost`."""
    try:
        normalize(address)
    except InvalidAddress:
        return False
    return True


def wanted(user: Any, news: str) -> bool:
    """Whether somebody is told of it for any newsletter: by their own wish, else by what they may do."""
    wish = Wish.objects.filter(user=user, news=news).first()
    return wish.wanted if wish else any(user.has_perm(right) for right in NEWS[news].default)
