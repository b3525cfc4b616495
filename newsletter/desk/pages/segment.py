"""A segment: its rules as a form, with the number of people they mean while they are being written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

from newsletter.desk.actions import SeeOther
from newsletter.desk.builder import Draft, sentence
from newsletter.desk.pages.base import View, desk_page
from newsletter.models import Issue
from newsletter.settings import current
from subscribers import segments
from subscribers.models import Segment
from subscribers.segments.rules import leaves, read

INPUT = " ".join(INPUT_CLASSES)
LOOK = {
    "input": INPUT.replace("max-w-2xl", ""),
    "select": " ".join(set(SELECT_CLASSES) - {"max-w-2xl", "appearance-none"}),
}


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it as generic
    """What a segment is called. The name is given once: config.yaml and other segments use it."""

    name = forms.SlugField(
        max_length=63, required=False, widget=forms.TextInput({"class": INPUT}),
        help_text="As config.yaml and the command line call it. Left empty, it is made from the title.",
    )  # fmt: skip

    class Meta:
        model = Segment
        fields = ("title", "name", "description")
        widgets = {name: forms.TextInput({"class": INPUT}) for name in ("title", "description")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["name"]

    def clean(self) -> dict[str, Any]:
        """Make the name where none was given."""
        cleaned = super().clean() or {}
        if not self.instance.pk and "name" not in self.errors:
            cleaned["name"] = cleaned.get("name") or free_name(str(cleaned.get("title", "")))
            if Segment.objects.filter(name=cleaned["name"]).exists():
                self.add_error("name", "There is a segment of this name already.")
        return cleaned


def free_name(title: str) -> str:
    """A name for a new segment of this title."""
    name = slugify(title)[:50].strip("-_") or "segment"
    taken = set(Segment.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)


def uses(segment: Segment) -> list[str]:
    """What needs a segment: it must not be deleted while anything does."""
    issues = Issue.objects.filter(Q(segment=segment) | Q(left_out=segment)).order_by("-due_at")[:20]
    found = [f"the issue {issue}" for issue in issues]
    for name, letter in current().newsletters.items():
        if segment.name == letter.audience or segment.name in letter.without:
            found.append(f"config.yaml (newsletters.{name})")
    for other in Segment.objects.exclude(pk=segment.pk):
        node, _ = read(other.rules)
        if node and any(leaf.kind == "segment" and leaf.of == segment.name for leaf in leaves(node)):
            found.append(f"the segment “{other}”")
    return found


def _staff(view: View, *permissions: str) -> View:
    """Let in staff who hold the permissions."""

    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return admin.site.admin_view(allowed)(request, *args, **kwargs)  # type: ignore[no-any-return]

    def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _insist(request, *permissions)
        return view(request, *args, **kwargs)

    return page


def _insist(request: HttpRequest, *permissions: str) -> None:
    if not request.user.has_perms([f"subscribers.{one}_segment" for one in permissions]):
        raise PermissionDenied


@require_http_methods(["GET", "HEAD", "POST"])
def _page(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Show a segment, or the form of a new one; on POST do what the pressed button says."""
    segment = get_object_or_404(Segment, pk=number) if number else Segment()
    if request.method != "POST":
        draft = Draft.of(segment.rules)
        whole = draft.check(segment.name) if segment.pk else []
        return _drawn(request, segment, SegmentForm(instance=segment), draft, whole)
    _insist(request, "change" if segment.pk else "add")
    if request.POST.get("do") == "duplicate" and segment.pk:
        return _duplicate(request, segment)
    form, draft = SegmentForm(request.POST, instance=segment), Draft.posted(request.POST)
    if request.POST.get("do", "save") != "save":
        return _drawn(request, segment, form, draft, [])
    whole = draft.check(segment.name)
    if not form.is_valid() or whole or draft.faulty:
        return _drawn(request, segment, form, draft, whole, 422)
    return _save(request, form, draft)


def _save(request: HttpRequest, form: SegmentForm, draft: Draft) -> HttpResponse:
    new = form.instance.pk is None
    form.instance.rules = draft.rules
    try:
        with transaction.atomic():
            made = form.save()
    except IntegrityError:
        form.add_error("name", "There is a segment of this name already.")
        return _drawn(request, Segment(), form, draft, [], 422)
    _log(request, made, ADDITION if new else CHANGE, segments.describe(made.rules, made.name))
    messages.success(request, f"The segment “{made}” is saved.")
    return SeeOther(reverse("desk-segment", args=(made.pk,)))


def _duplicate(request: HttpRequest, segment: Segment) -> HttpResponse:
    """Make a copy of what is saved, and go there."""
    _insist(request, "add")
    title = f"{segment.title[:190]} (copy)"
    copy = Segment.objects.create(
        name=free_name(segment.name), title=title, description=segment.description, rules=segment.rules
    )
    _log(request, copy, ADDITION, f"a copy of {segment.name}")
    messages.success(request, f"This is a copy of “{segment}”. Nothing uses it yet.")
    return SeeOther(reverse("desk-segment", args=(copy.pk,)))


def _log(request: HttpRequest, segment: Segment, action: int, words: str) -> None:
    LogEntry.objects.log_actions(int(request.user.pk or 0), [segment], action, words[:1000], single_object=True)


def _drawn(
    request: HttpRequest, segment: Segment, form: SegmentForm, draft: Draft, whole: list[Any], status: int = 200
) -> HttpResponse:
    _suggest(request, draft)
    answer = desk_page(
        request,
        "segment.html",
        "Segment" if segment.pk else "New segment",
        object=segment if segment.pk else None,
        form=form,
        draft=draft,
        whole=whole,
        look=LOOK,
        used=uses(segment) if segment.pk else [],
        found=_found(request, draft, segment.name),
        may_change=request.user.has_perm(f"subscribers.{'change' if segment.pk else 'add'}_segment"),
        may_delete=bool(segment.pk) and request.user.has_perm("subscribers.delete_segment"),
    )
    answer.status_code = status
    return answer


def _suggest(request: HttpRequest, draft: Draft) -> None:
    """Values that people have are for those who may see people."""
    if request.user.has_perm("subscribers.view_subscriber"):
        draft.suggest()


def _found(request: HttpRequest, draft: Draft, name: str) -> dict[str, Any]:
    """How many people the rules mean, and who; or why nobody can say."""
    try:
        seen = segments.look(draft.rules, timezone.now(), name)
    except segments.Broken as broken:
        return {"problems": list(dict.fromkeys(sentence(str(one)) for one in broken.problems))[:3]}
    may = request.user.has_perm("subscribers.view_subscriber")
    return {"seen": seen, "number": f"{seen.count:,}", "may_see": may, "words": segments.describe(draft.rules, name)}


@require_http_methods(["POST"])
def _draw(request: HttpRequest) -> HttpResponse:
    """The rules anew, after a kind was chosen or a button pressed."""
    may = request.user.has_perm(f"subscribers.{'change' if request.POST.get('segment') else 'add'}_segment")
    draft = Draft.posted(request.POST)
    draft.forbear()
    _suggest(request, draft)
    return render(request, "segment_rules.html", {"draft": draft, "look": LOOK, "may_change": may})


@require_http_methods(["POST"])
def _count(request: HttpRequest) -> HttpResponse:
    """How many people the rules of the form mean; nothing is kept."""
    found = _found(request, Draft.posted(request.POST), _name(request.POST))
    return render(request, "segment_found.html", {"found": found})


def _name(data: QueryDict) -> str:
    number = data.get("segment", "")
    row = Segment.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None
    return row.name if row else ""


@require_http_methods(["GET", "HEAD", "POST"])
def _delete(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, then delete a segment that nothing uses."""
    segment = get_object_or_404(Segment, pk=number)
    used = uses(segment)
    if request.method == "POST" and not used:
        try:
            with transaction.atomic():
                _log(request, segment, DELETION, str(segment))
                segment.delete()
            messages.success(request, f"The segment “{segment.title}” is deleted.")
            return SeeOther(reverse("admin:subscribers_segment_changelist"))
        except ProtectedError:
            used = uses(Segment.objects.get(pk=number))
    answer = desk_page(request, "segment_delete.html", "Delete segment", object=segment, used=used)
    answer.status_code = 409 if request.method == "POST" else 200
    return answer


page = _staff(_page, "view")
draw = _staff(_draw, "view")
count = _staff(_count, "view")
delete = _staff(_delete, "delete")
