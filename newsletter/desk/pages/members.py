"""The staff: invited, given roles, let go; for owners alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from newsletter import roles
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import View, desk_page
from newsletter.desk.signing import mails, members, ways
from newsletter.models import deeds
from newsletter.settings import current
from newsletter.staff import people

BY_HAND = "newsletter staff NAME"


class Box(NamedTuple):
    """A role that can be ticked, or is."""

    value: str
    title: str
    says: str
    ticked: bool


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Who it is, and which roles they hold for which newsletter."""

    role = forms.MultipleChoiceField(required=False)

    class Meta:
        model = get_user_model()
        fields = ("email", "username", "first_name", "last_name")
        widgets = {
            "email": UnfoldAdminEmailInputWidget,
            **dict.fromkeys(("username", "first_name", "last_name"), UnfoldAdminTextInputWidget),
        }
        help_texts = {"username": "Such as “ada”. Left empty, it is made from the address."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = sorted(Group.objects.all(), key=_place)
        self.places = {"": "All newsletters", **{name: one.title for name, one in current().newsletters.items()}}
        self.held = members.held(self.instance)
        self.fields["role"].choices = [(box.value, box.title) for _, boxes in self.boxes() for box in boxes]  # type: ignore[attr-defined]
        self.fields["email"].required = True
        self.fields["username"].required = False
        if self.instance.pk:
            del self.fields["username"]

    def boxes(self) -> Iterator[tuple[str, list[Box]]]:
        """For all newsletters, then for each, what can be ticked."""
        ticked = set(self.data.getlist("role")) if self.is_bound else {_value(*one) for one in self.held}  # type: ignore[attr-defined]
        single = {group.pk for group in self.groups if roles.for_one(group)}
        for newsletter, title in self.places.items():
            yield (
                title,
                [
                    Box(value := _value(group.name, newsletter), group.name, _says(group), value in ticked)
                    for group in self.groups
                    if not newsletter or group.pk in single
                ],
            )

    def clean_email(self) -> str:
        """One member to an address: it is how a person is known to mails and to other ways of signing in."""
        email = str(self.cleaned_data["email"]).strip().lower()
        if people().filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody on the staff has this address already.")
        return email

    def clean(self) -> dict[str, Any]:
        """A name to sign in with, where none was given."""
        cleaned = super().clean() or {}
        if "username" in self.fields and "username" not in self.errors and not cleaned.get("username"):
            cleaned["username"] = free_name(str(cleaned.get("email", "")).partition("@")[0])
        return cleaned

    def wanted(self) -> members.Held:
        """The roles that were ticked; those for a newsletter that config.yaml has no more stay as they are."""
        stay = {one for one in self.held if one[1] not in self.places}
        return stay | {_held(value) for value in self.cleaned_data["role"]}


def free_name(text: str) -> str:
    """A name that nobody on the staff has."""
    name = slugify(text)[:100] or "member"
    taken = set(get_user_model().objects.filter(username__startswith=name).values_list("username", flat=True))
    return next(one for one in (name, *(f"{name}{n}" for n in range(2, len(taken) + 3))) if one not in taken)


def owners_only(view: View) -> View:
    """Let in owners alone."""

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not roles.is_owner(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    allowed = require_http_methods(["GET", "HEAD", "POST"])(guarded)
    return lambda request, *args, **kwargs: admin.site.admin_view(allowed)(request, *args, **kwargs)


@owners_only
def invite(request: HttpRequest) -> HttpResponse:
    """Ask whom, and for which roles; on POST make the member, and mail them a link to choose a password."""
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = form.save(commit=False)
        try:
            members.invite(user, form.wanted())
        except members.Refused as error:
            form.add_error("role", f"{error}.")
        else:
            _mailed(request, user, "invited", f"{user.get_username()} is invited.")
            return SeeOther(reverse("desk-member", args=(user.pk,)))
    return _page(request, "Invite", form)


@owners_only
def member(request: HttpRequest, number: int) -> HttpResponse:
    """Show one; on POST do what the pressed button says."""
    user = get_object_or_404(people(), pk=number)
    if request.method != "POST":
        return _page(request, "Member", MemberForm(instance=user))
    act = request.POST.get("do", "")
    if act == "save":
        return _save(request, user)
    try:
        _act(request, user, act)
    except members.Refused as error:
        messages.error(request, f"{error}.")
    return SeeOther(reverse("desk-member", args=(user.pk,)))


def _save(request: HttpRequest, user: Any) -> HttpResponse:
    before = {name: getattr(user, name) for name in ("email", "first_name", "last_name")}
    form = MemberForm(request.POST, instance=user)
    if form.is_valid():
        try:
            with members.one_owner_stays():
                user.save(update_fields=[*before])
                if user.email != before["email"]:
                    ways.forget_address(user)
                deeds.note(user, [(name.replace("_", " "), old, getattr(user, name)) for name, old in before.items()])
                members.give(user, form.wanted())
        except members.Refused as error:
            form.add_error("role", f"{error}.")
        else:
            messages.success(request, f"{user.get_username()} is saved.")
            return SeeOther(reverse("desk-member", args=(user.pk,)))
    return _page(request, "Member", form)


def _act(request: HttpRequest, user: Any, act: str) -> None:
    name = user.get_username()
    if act in ("deactivate", "activate"):
        members.set_active(user, act == "activate")
        said = "may sign in again" if act == "activate" else "is deactivated, and signed out everywhere"
        messages.success(request, f"{name} {said}.")
    elif act == "link":
        deeds.say(user, f"a link to choose a password was mailed to {user.email}")
        _mailed(request, user, "reset", "")
    elif act == "factors":
        ways.forget_factors(user)
        messages.success(request, f"{name} signs in with the password alone, until they add a second factor again.")
    elif act == "sessions":
        ways.end_sessions(user)
        messages.success(request, f"{name} is signed out everywhere.")


def _mailed(request: HttpRequest, user: Any, what: str, said: str) -> None:
    if mails.send_link(user, what, request.user, timezone.now()):
        messages.success(request, f"{said} A link to choose a password is on its way to {user.email}.".strip())
    else:
        no_way = f"No mail can be sent: config.yaml has no newsletter. `{BY_HAND}` makes a password for them."
        messages.warning(request, f"{said} {no_way}".strip())


def _page(request: HttpRequest, title: str, form: MemberForm) -> HttpResponse:
    user = form.instance
    known = bool(user.pk)
    answer = desk_page(
        request, "member.html", title, object=people().get(pk=user.pk) if known else None, form=form,
        boxes=list(form.boxes()), factors=ways.factors(user) if known else [],
        sessions=len(ways.sessions(user)) if known else 0, invited=known and not user.has_usable_password(),
        myself=user.pk == request.user.pk, back=reverse("admin:auth_user_changelist"),
    )  # fmt: skip
    answer.status_code = 422 if form.errors else 200
    return answer


def _place(group: Group) -> tuple[int, str]:
    order = [*roles.ROLES]
    return (order.index(group.name) if group.name in order else len(order), group.name)


def _says(group: Group) -> str:
    return roles.ROLES[group.name].says if group.name in roles.ROLES else "a role of your own; see Groups"


def _value(group: str, newsletter: str) -> str:
    return f"{newsletter}/{group}"


def _held(value: str) -> tuple[str, str]:
    newsletter, _, group = value.partition("/")
    return group, newsletter
