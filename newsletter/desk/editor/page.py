"""The page on which an issue is made, and what answers its forms: pages for browsers, a few words for their script."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from newsletter.desk.actions import SeeOther
from newsletter.desk.editor import acts, forms
from newsletter.desk.editor.drawing import context_of
from newsletter.desk.editor.pictures import PictureRefused
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Issue, Item, OwnBlock, TransitionRefused
from newsletter.models.editing import Edit, Opened, Stale, editing, seen

CHANGE = "newsletter.change_issue"
FORMS = {"letter": forms.LetterForm, "item": forms.ItemForm, "block": forms.BlockForm}


@staff_page("newsletter.view_issue", posts=True)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Show the issue with its forms; on POST do what the pressed button says."""
    issue = get_object_or_404(Issue, pk=number)
    if request.method != "POST":
        return draw(request, issue)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    Opened.beat(issue, request.user, timezone.now())
    do = request.POST.get("do", "")
    try:
        if do in FORMS:
            return _save(request, issue, do)
        if do == "add":
            return _add(request, issue)
        return _act(request, issue, do)
    except (TransitionRefused, acts.Gone) as error:
        return too_late(request, issue, str(error))


def draw(request: HttpRequest, issue: Issue, bound: Any = None, status: int = 200) -> HttpResponse:
    """The whole page; `bound` is a form that did not pass, by the name of what it is about."""
    answer = desk_page(request, "editor.html", "Edit", **context_of(request, issue, bound or {}))
    answer.status_code = status
    answer["Cache-Control"] = "no-store"
    return answer


def _form(request: HttpRequest, issue: Issue, do: str, name: str) -> forms.Marked:
    if do == "letter":
        return forms.LetterForm(forms.of_letter(issue), request.POST, name="letter")
    piece = acts.find(issue, name)
    if do == "item" and isinstance(piece, Item):
        return forms.ItemForm(forms.of_item(piece), request.POST, request.FILES, name=name)
    if do == "block" and isinstance(piece, OwnBlock):
        return forms.BlockForm(forms.of_block(piece), request.POST, name=name)
    raise acts.Gone("This is no part of the issue.")


def _save(request: HttpRequest, issue: Issue, do: str) -> HttpResponse:
    name = "letter" if do == "letter" else request.POST.get("piece", "")
    if issue.status not in Issue.EDITABLE:
        raise TransitionRefused(f"{issue} is {issue.get_status_display().lower()}, and cannot be edited any more")
    form = _form(request, issue, do, name)
    if not form.is_valid():
        return _wrong(request, issue, name, form)
    try:
        if isinstance(form, forms.LetterForm):
            done = acts.save_letter(issue.pk, request.user, form)
        elif isinstance(form, forms.ItemForm):
            done = acts.save_item(issue.pk, request.user, name, form)
        else:
            done = acts.save_block(issue.pk, request.user, name, form)  # type: ignore[arg-type]  # the only other kind
    except PictureRefused as error:
        form.add_error("picture", str(error))
        return _wrong(request, issue, name, form)
    except Stale as stale:
        return _torn(request, issue, do, name, form, stale)
    return _saved(request, issue, do, name, done)


def _wrong(request: HttpRequest, issue: Issue, name: str, form: forms.Marked) -> HttpResponse:
    if _by_script(request):
        return JsonResponse(
            {"errors": {field: [str(one) for one in why] for field, why in form.errors.items()}}, status=422
        )
    return draw(request, issue, {name: form}, 422)


def _saved(request: HttpRequest, issue: Issue, do: str, name: str, done: Edit) -> HttpResponse:
    """Say when it was kept, and what the form holds now."""
    issue.refresh_from_db()
    if not _by_script(request):
        _tell(request, done, "Saved." if done.changed else "Nothing was changed.")
        return SeeOther(_page_of(issue, name))
    held = _held(issue, do, name)
    return JsonResponse({
        "at": clock(), "version": issue.version, "voided": done.voided, "standing": issue.get_status_display(),
        "values": held, "seen": {field: seen(value) for field, value in held.items()},
    })  # fmt: skip


def _held(issue: Issue, do: str, name: str) -> dict[str, Any]:
    if do == "letter":
        return forms.of_letter(issue)
    piece = acts.find(issue, name)
    return forms.of_item(piece) if isinstance(piece, Item) else forms.of_block(piece)


def _torn(request: HttpRequest, issue: Issue, do: str, name: str, form: forms.Marked, stale: Stale) -> HttpResponse:
    """Both texts side by side, and a choice; nothing is kept yet, and nothing is lost."""
    if _by_script(request):
        return JsonResponse({"stale": sorted(stale.mine)}, status=409)
    posted = {key: value for key, value in form.cleaned_data.items() if key in form.current}
    torn = [
        {"name": key, "label": form.fields[key].label, "theirs": stale.theirs[key], "mine": stale.mine[key],
         "long": len(str(stale.mine[key])) > 100 or "\n" in str(stale.mine[key])}
        for key in stale.mine
    ]  # fmt: skip
    shown = {**form.shown(), **{key: seen(value) for key, value in stale.theirs.items()}}
    last = issue.revisions.select_related("by").first()
    answer = desk_page(
        request, "editor_torn.html", "Two versions", object=issue, torn=torn, do=do, piece=name, last=last,
        rest={key: value for key, value in posted.items() if key not in stale.mine}, shown=shown,
        back=_page_of(issue, name),
    )  # fmt: skip
    answer.status_code = 409
    return answer


def _add(request: HttpRequest, issue: Issue) -> HttpResponse:
    form = forms.BlockForm({"text": ""}, request.POST, name="add")
    if not form.is_valid():
        return draw(request, issue, {"add": form}, 422)
    text, after = form.cleaned_data["text"], request.POST.get("after", "")
    done, block = acts.add_block(issue.pk, request.user, text, after, request.POST.get("key", ""))
    _tell(request, done, f"{acts.called(block)} is added." if done.changed else "It is there already.")
    return SeeOther(_page_of(issue, f"b{block.pk}"))


def _act(request: HttpRequest, issue: Issue, do: str) -> HttpResponse:
    if do not in acts.ACTS:
        raise acts.Gone("The desk knows no such button.")
    with editing(issue.pk, request.user, timezone.now()) as done:
        words = acts.ACTS[do](done, request.POST.dict(), request.user)
    _tell(request, done, words)
    if do == "out":
        return SeeOther(f"{reverse('desk-edit', args=(issue.pk,))}#aside")
    return SeeOther(_page_of(issue, request.POST.get("piece", "")))


def _tell(request: HttpRequest, done: Edit, words: str) -> None:
    messages.success(request, words)
    if done.voided:
        messages.warning(request, "The approval is void, because the issue was edited. Approve it again.")


def too_late(request: HttpRequest, issue: Issue, words: str) -> HttpResponse:
    """Say that it cannot be edited any more, or that its piece is gone; and show what was typed, so it is not lost."""
    if _by_script(request):
        return JsonResponse({"refused": f"{words}."}, status=409)
    typed = [
        (name, value) for name, value in request.POST.items()
        if str(value).strip() and name in {*forms.LetterForm.base_fields, *forms.ItemForm.base_fields, "text"}
    ]  # fmt: skip
    answer = desk_page(
        request, "editor_late.html", "Not saved", object=issue, words=words, typed=typed,
        back=reverse("desk-edit", args=(issue.pk,)),
    )  # fmt: skip
    answer.status_code = 409
    return answer


def clock() -> str:
    """The time of day, with its zone."""
    return f"{timezone.localtime():%H:%M:%S %Z}"


def _page_of(issue: Issue, name: str) -> str:
    return f"{reverse('desk-edit', args=(issue.pk,))}#{name if name == 'letter' else f'piece-{name}'}"


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
