"""Doing something to many people: the question, with the number; the progress; what was done; and its undoing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from subscribers import bulk
from subscribers.finding import Count, Search
from subscribers.limits import TooLong, within
from subscribers.models import Bulk, List, Subscriber, Tag
from subscribers.wanted import Unclear, Wanted

AT_ONCE = 5000
"""So many people are seen to before the page answers; more are left to the background."""
COUNTING = 3.0
"""Seconds that the question may take to count everybody it is about."""

Kind = Bulk.Kind
RIGHTS = {
    Kind.SUPPRESS: "subscribers.add_suppression",
    Kind.LIFT: "subscribers.delete_suppression",
    Kind.DELETE: "subscribers.delete_list",
}
QUESTIONS = {
    Kind.ADD: (
        "Add to a list",
        "They get its next issue. Who is on it already stays. There is no undo: who is removed again has unsubscribed.",
    ),
    Kind.REMOVE: ("Remove from a list", "They get nothing more of it. Nobody is told."),
    Kind.TAG: ("Add a tag", "Tags are for finding and addressing people; nobody sees them."),
    Kind.UNTAG: ("Remove a tag", "It is taken from these people alone."),
    Kind.SUPPRESS: ("Suppress", "Nothing at all is sent to them, whatever the lists say, until it is lifted."),
    Kind.LIFT: (
        "Lift suppressions",
        "They are written to again as their lists say. Whoever complained once will complain again.",
    ),
}
TOLD = {
    "people": "looked at", "changed": "changed", "unsubscribed": "left alone: they had unsubscribed",
    "suppressed": "left alone: suppressed", "unconfirmed": "left alone: they never confirmed that they asked",
}  # fmt: skip


def _reason(label: str, hint: str, required: bool = True) -> forms.CharField:
    return forms.CharField(
        max_length=300, required=required, label=label, help_text=hint, widget=UnfoldAdminTextInputWidget
    )


class ListForm(forms.Form):
    """Which list, and why."""

    list = forms.ModelChoiceField(List.objects.all(), widget=UnfoldAdminSelectWidget, empty_label="Choose …")
    reason = _reason("Why", "It is kept with each of them.")


class AddForm(forms.Form):
    """Which list, and how they agreed."""

    list = forms.ModelChoiceField(List.objects.all(), widget=UnfoldAdminSelectWidget, empty_label="Choose …")
    reason = _reason("How they agreed", "Such as “ticked the box on the order form”. It is kept as their consent.")
    restore = _reason(
        "Why to bring in others too",
        "Left empty, those who unsubscribed, are suppressed or never confirmed that they asked are left alone. With a"
        " reason they are brought in too, and the reason is kept.",
        required=False,
    )


class TagForm(forms.Form):
    """Which tag, of those there are or a new one."""

    tag = forms.ModelChoiceField(
        Tag.objects.all(), widget=UnfoldAdminSelectWidget, empty_label="Choose …", required=False
    )
    new = forms.CharField(
        required=False, max_length=63, label="Or a new tag", widget=UnfoldAdminTextInputWidget,
        help_text="A short word, such as “press”.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or {}
        if cleaned.get("new") and not (name := slugify(cleaned["new"])):
            self.add_error("new", "Write it with letters or digits.")
        elif cleaned.get("new"):
            cleaned["tag"] = Tag(name=name, title=cleaned["new"] if cleaned["new"] != name else "")
        elif not cleaned.get("tag"):
            self.add_error("tag", "Choose a tag, or write a new one.")
        return cleaned


class UntagForm(forms.Form):
    """Which tag."""

    tag = forms.ModelChoiceField(Tag.objects.all(), widget=UnfoldAdminSelectWidget, empty_label="Choose …")


class ReasonForm(forms.Form):
    """Why."""

    reason = _reason("Why", "It is kept with each of them, for whoever asks later.")


FORMS: dict[str, type[forms.Form]] = {
    Kind.ADD: AddForm, Kind.REMOVE: ListForm, Kind.TAG: TagForm, Kind.UNTAG: UntagForm, Kind.SUPPRESS: ReasonForm,
    Kind.LIFT: ReasonForm,
}  # fmt: skip


def query_of(wanted: Wanted) -> str:
    """The people as a query string."""
    values = wanted.values()
    if numbers := values.pop("numbers", None):
        values["people"] = ",".join(map(str, numbers if isinstance(numbers, list) else ()))
    return urlencode(values)


def ask(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Show the question; on POST begin, and go to see how it goes."""
    return admin.site.admin_view(_ask)(request, kind)


@require_http_methods(["GET", "HEAD", "POST"])
def _ask(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in FORMS:
        raise Http404(f"there is no change “{kind}”")
    insist(request, kind)
    wanted = _wanted(request)
    form = FORMS[kind](request.POST if request.method == "POST" else None, initial=request.GET.dict())
    try:
        if request.method == "POST" and form.is_valid():
            return SeeOther(_page_of(_begin(request, kind, wanted, form.cleaned_data)))
        count = _count(wanted)
    except Unclear as error:
        messages.error(request, f"{error}.")
        return SeeOther(reverse("admin:subscribers_subscriber_changelist"))
    question, explanation = QUESTIONS[Kind(kind)]
    one = Subscriber.objects.filter(pk__in=wanted.numbers).first() if len(wanted.numbers) == 1 else None
    back = (
        reverse("admin:subscribers_subscriber_change", args=(one.pk,))
        if one
        else f"{reverse('admin:subscribers_subscriber_changelist')}?{query_of(wanted) if not wanted.numbers else ''}"
    )
    response = desk_page(
        request, "bulk_ask.html", question, question=question, explanation=explanation, form=form, count=count,
        wanted=wanted, one=one, back=back, danger=kind in (Kind.REMOVE, Kind.SUPPRESS, Kind.LIFT),
        slowly=(count.number or AT_ONCE + 1) > AT_ONCE,
    )  # fmt: skip
    response.status_code = 422 if form.errors else 200
    return response


def insist(request: HttpRequest, kind: str) -> None:
    """Raise PermissionDenied unless this member of staff may do that."""
    if not request.user.has_perm(RIGHTS.get(Kind(kind), "subscribers.change_subscriber")):
        raise PermissionDenied


def _wanted(request: HttpRequest) -> Wanted:
    ticked = [int(one) for one in request.GET.get("people", "").split(",") if one.isdecimal()]
    if "people" in request.GET and not ticked:
        raise Http404("nobody was ticked, which must not mean everybody")
    return Wanted.of(request.GET.dict(), ticked)


def _count(wanted: Wanted) -> Count:
    """Everybody, one by one; of what would take longer than that, about how many."""
    search = Search(wanted, timezone.now())
    try:
        with within(COUNTING):
            return Count(search.everybody().order_by().count())
    except TooLong:
        return search.estimate()


def _begin(request: HttpRequest, kind: str, wanted: Wanted, data: dict[str, Any]) -> Bulk:
    if data.get("restore") and not request.user.has_perm(RIGHTS[Kind.LIFT]):
        raise PermissionDenied("bringing people back lifts suppressions")
    tag = data.get("tag")
    if tag is not None and tag.pk is None:
        tag = Tag.objects.get_or_create(name=tag.name, defaults={"title": tag.title})[0]
    act = bulk.begin(
        kind, wanted, timezone.now(), by=request.user.get_username(), list=data.get("list"), tag=tag,
        reason=data.get("reason", ""), restore=data.get("restore", ""),
    )  # fmt: skip
    why = f"; {act.reason}" if act.reason else ""
    _log(request, act, f"{act}: {act.total:,} people ({wanted}){why}")
    return _go(act)


def _go(act: Bulk) -> Bulk:
    if act.total <= AT_ONCE:
        finish(act)
    return act


def finish(act: Bulk) -> None:
    """Carry a change out while somebody waits."""
    bulk.finish(act, timezone.now)


def _page_of(act: Bulk) -> str:
    return reverse("desk-bulk", args=(act.pk,))


def _log(request: HttpRequest, act: Bulk, said: str) -> None:
    LogEntry.objects.log_actions(int(request.user.pk or 0), [act], CHANGE, said, single_object=True)


@staff_page("subscribers.view_subscriber")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """How far a change has come, or what it came to; it looks again by itself while it is at work."""
    act = get_object_or_404(Bulk.objects.select_related("list", "tag", "undoes"), pk=number)
    kept = act.finished_at is not None and act.finished_at > timezone.now() - bulk.KEPT
    wanted = Wanted.of(act.wanted)
    undone = Bulk.objects.filter(undoes=act).first()
    changed = act.counts.get("changed", 0)
    counts = [(word, act.counts.get(name, 0)) for name, word in TOLD.items() if act.counts.get(name)]
    return desk_page(
        request, "bulk.html", "Change", object=act, wanted=wanted, undone=undone,
        live=act.status == Bulk.Status.RUNNING, changed=changed,
        counts=counts,
        may_undo=bool(kept and changed and not undone and not act.undoes_id and Kind(act.kind) in Bulk.UNDONE_BY),
        one=wanted.numbers[0] if len(wanted.numbers) == 1 else None, query=query_of(wanted), kept=bulk.KEPT.days,
        may=request.user.has_perm(RIGHTS.get(Kind(act.kind), "subscribers.change_subscriber")),
    )  # fmt: skip


def do(request: HttpRequest, number: int, verb: str) -> HttpResponseBase:
    """Stop a change where it is, or take back what it did."""
    return admin.site.admin_view(_do)(request, number, verb)


@require_http_methods(["POST"])
def _do(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    act = get_object_or_404(Bulk, pk=number)
    insist(request, Bulk.UNDONE_BY.get(Kind(act.kind), Kind(act.kind)) if verb == "undo" else act.kind)
    if verb == "cancel" and act.kind != Kind.DELETE:
        if bulk.cancel(act, timezone.now()):
            _log(request, act, f"{act}: stopped")
        return SeeOther(_page_of(act))
    if verb != "undo" or act.status == Bulk.Status.RUNNING or Kind(act.kind) not in Bulk.UNDONE_BY or act.undoes_id:
        raise Http404(f"“{verb}” cannot be done to this change")
    if undone := Bulk.objects.filter(undoes=act).first():
        return SeeOther(_page_of(undone))
    made = bulk.undo(act, timezone.now(), request.user.get_username())
    _log(request, made, f"change {act.pk} ({act}) undone for {made.total:,} people")
    return SeeOther(_page_of(_go(made)))
