"""The revisions of an issue: who changed what and when, side by side with what stood there before; and back to one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from newsletter.desk.actions import SeeOther
from newsletter.desk.editor.page import too_late
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Issue, Revision, SetAside, TransitionRefused
from newsletter.models.editing import editing
from newsletter.models.states import LETTER, State, changes, restore, state_of, title_of
from newsletter.models.trial import FIELDS, NAMES

SHOWN = 50
SAID = {
    "title": "Title", "summary": "Summary", "note": "Note", "image_url": "Picture", "image_alt": "What it shows",
    "text": "Words", "section": "Section",
}  # fmt: skip


@staff_page("newsletter.view_issue")
def history(request: HttpRequest, number: int) -> HttpResponse:
    """The revisions, newest first."""
    issue = get_object_or_404(Issue, pk=number)
    rows = issue.revisions.select_related("by").defer("state")
    page = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    return desk_page(request, "editor_history.html", "History", object=issue, page=page)


@staff_page("newsletter.view_issue", posts=True)
def revision(request: HttpRequest, number: int, version: int) -> HttpResponse:
    """What a revision changed, and what is different today; on POST make the issue what it was then."""
    issue = get_object_or_404(Issue, pk=number)
    found = get_object_or_404(Revision.objects.select_related("by"), issue=issue, number=version)
    if request.method == "POST":
        if not request.user.has_perm("newsletter.change_issue"):
            raise PermissionDenied
        return _restore(request, issue, found)
    before = issue.revisions.filter(number__lt=version).first()
    return desk_page(
        request, "editor_revision.html", f"Revision {version}", object=issue, revision=found,
        texts=_texts(before.state if before else None, found.state), since=changes(found.state, state_of(issue)),
        order=[title_of(one) for one in found.state["pieces"]],
        may_restore=issue.status in Issue.EDITABLE and request.user.has_perm("newsletter.change_issue"),
    )  # fmt: skip


def _restore(request: HttpRequest, issue: Issue, found: Revision) -> HttpResponse:
    """A restored revision is a new one: what stood there meanwhile can be restored in its turn."""
    now = timezone.now()
    try:
        with editing(issue.pk, request.user, now) as edit:
            edit.saying = f"Back to revision {found.number}, of {timezone.localtime(found.at):%-d %B %Y, %H:%M:%S %Z}"
            surplus, gone = restore(edit.issue, found.state)
            for piece in surplus:
                SetAside.take(piece, request.user, now)
    except TransitionRefused as error:
        return too_late(request, issue, str(error))
    if not edit.changed:
        messages.info(request, "The issue says just that already.")
    else:
        messages.success(request, f"The issue says again what it said in revision {found.number}.")
        LogEntry.objects.log_actions(
            int(request.user.pk or 0),
            [issue],
            CHANGE,
            f"{issue} is back at revision {found.number}",
            single_object=True,
        )
    if edit.voided:
        messages.warning(request, "The approval is void, because the issue was edited. Approve it again.")
    for title in gone:
        messages.warning(request, f"“{title}” could not be put back: its post is gone.")
    return SeeOther(reverse("desk-edit", args=(issue.pk,)))


def _texts(before: State | None, after: State) -> list[dict[str, Any]]:
    """Each text that a revision changed, as it was and as it became."""
    if before is None:
        return []
    rows = [
        {"what": name.capitalize(), "old": before["letter"][name], "new": after["letter"][name]}
        for name in LETTER
        if before["letter"][name] != after["letter"][name]
    ]
    rows += _of_variants(before.get("trial"), after.get("trial"))
    old = {one["key"]: one for one in before["pieces"]}
    for piece in after["pieces"]:
        was = old.get(piece["key"], {})
        rows += [
            {"what": f"{label} of {title_of(was or piece)}", "old": was.get(name, ""), "new": piece[name]}
            for name, label in SAID.items()
            if name in piece and (was or name == "text") and was.get(name, "") != piece[name]
        ]
    return rows


def _of_variants(before: State | None, after: State | None) -> list[dict[str, Any]]:
    """The same of what the variants of an A/B test say; one that was added said nothing before."""
    old, new = ((state or {}).get("variants", {}) for state in (before, after))
    nothing = dict.fromkeys(FIELDS, "")
    return [
        {"what": f"{NAMES[name].capitalize()} of variant {letter.upper()}", "old": was[name], "new": now[name]}
        for letter in sorted({*old, *new})
        for was, now in [(old.get(letter, nothing), new.get(letter, nothing))]
        for name in FIELDS
        if was[name] != now[name]
    ]
