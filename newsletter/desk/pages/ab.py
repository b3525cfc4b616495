"""An issue's A/B test: choosing what varies, writing the variants side by side, seeing how they stand, and deciding."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from newsletter import pipeline, roles
from newsletter.desk.actions import SeeOther, zone_of
from newsletter.desk.editor.page import clock
from newsletter.desk.pages import ab_form
from newsletter.desk.pages.ab_drawing import context_of, people_of, standings_of
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Issue, TransitionRefused, Trial, Variant, trial
from newsletter.models.editing import Edit, Stale, editing, seen
from newsletter.settings import current

CHANGE, SEND = "newsletter.change_issue", "newsletter.send_issue"
GONE = "There is no A/B test any more: somebody has taken it away meanwhile"


@staff_page("newsletter.view_issue", posts=True)
def ab(request: HttpRequest, number: int) -> HttpResponse:
    """The test with its form, or how it stands; on POST do what the pressed button says."""
    issue = get_object_or_404(Issue, pk=number)
    do, _, letter = request.POST.get("do", "save").partition(" ")
    if request.method != "POST":
        return _asked(request, issue) or draw(request, issue)
    if do == "decide":
        return _decide(request, issue, letter)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    try:
        return _edit(request, issue, do, letter)
    except TransitionRefused as error:
        return _too_late(request, issue, str(error))


def draw(
    request: HttpRequest, issue: Issue, form: ab_form.TrialForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The page; what moves on it is drawn alone for whoever looks again."""
    found = Trial.of(issue)
    with timezone.override(zone_of(issue)):
        if "HX-Request" in request.headers and found and "people" in request.GET:
            answer = render(request, "ab_people.html", {"object": issue, **people_of(issue, found)})
        elif "HX-Request" in request.headers and found:
            told = {"object": issue, "trial": found, **standings_of(request, issue, found)}
            answer = render(request, "ab_standings.html", told)
        else:
            answer = desk_page(request, "ab.html", "A/B test", **context_of(request, issue, found, form), **more)
    answer.status_code = status
    answer["Cache-Control"] = "no-store"
    return answer


def _asked(request: HttpRequest, issue: Issue) -> HttpResponse | None:
    """Whether a variant shall go to the rest, asked before it does; nothing where there is nothing to decide."""
    found = Trial.of(issue)
    if found is None or issue.started_at is None or not (letter := request.GET.get("choose", "")):
        return None
    told = standings_of(request, issue, found)
    row = next((one for one in told["rows"] if one.tried.letter == letter), None)
    if row is None or not told["may_decide"]:
        return None
    return desk_page(request, "ab_choose.html", "A/B test", object=issue, trial=found, row=row, **told)


def _edit(request: HttpRequest, issue: Issue, do: str, letter: str) -> HttpResponse:
    if do == "begin":
        return _changed(request, issue, _put(request, issue, lambda state: state or trial.begun()), "")
    if do == "away":
        return _changed(request, issue, _put(request, issue, lambda state: None), "The A/B test is taken away.")
    state = trial.state_of(issue)
    if (torn := ab_form.lost(state, request.POST)) or state is None:
        return _too_late(request, issue, "A variant that you wrote in is gone" if state else GONE, torn)
    form = ab_form.TrialForm(state, request.POST)
    if not form.is_valid():
        return _wrong(request, issue, form)
    try:
        done = _put(request, issue, lambda now: _acted(_saved(now, form), do, letter))
    except Stale as stale:
        return _torn(request, issue, form, stale)
    return _changed(request, issue, done, "Saved." if done.changed else "Nothing was changed.", do == "add")


def _put(request: HttpRequest, issue: Issue, change: Any) -> Edit:
    """Make the trial what `change` makes of its state."""
    with editing(issue.pk, request.user, timezone.now(), "ab") as edit:
        trial.put(edit.issue, change(trial.state_of(edit.issue)))
    return edit


def _saved(state: ab_form.State | None, form: ab_form.TrialForm) -> ab_form.State:
    if state is None:
        raise TransitionRefused(GONE)
    return ab_form.laid(state, form.changes(ab_form.flat(state)))


def _acted(state: ab_form.State, do: str, letter: str) -> ab_form.State:
    """What a button does beside saving: another variant, or one less."""
    variants = dict(state["variants"])
    if do == "add" and (free := ab_form.free_letter(state)):
        variants = dict(sorted({**variants, **trial.begun([free])["variants"]}.items()))
    if do == "drop":
        variants.pop(letter, None)
    return {**state, "variants": variants}


def _changed(request: HttpRequest, issue: Issue, done: Edit, words: str, last: bool = False) -> HttpResponse:
    """Say what was kept: in a few words to a script, else by the page."""
    issue.refresh_from_db()
    if _by_script(request):
        held = ab_form.flat(trial.state_of(issue) or trial.begun())
        found = Trial.of(issue)
        return JsonResponse({
            "at": clock(), "voided": done.voided, "seen": {name: seen(value) for name, value in held.items()},
            "faults": found.faults() if found else [],
        })  # fmt: skip
    if words:
        messages.success(request, words)
    if done.voided:
        messages.warning(request, "The approval is void, because the issue was edited. Approve it again.")
    return SeeOther(f"{_page_of(issue)}{'#add' if last else ''}")


def _wrong(request: HttpRequest, issue: Issue, form: ab_form.TrialForm) -> HttpResponse:
    if _by_script(request):
        found = {name: [str(one) for one in why] for name, why in form.errors.items()}
        return JsonResponse({"errors": found}, status=422)
    return draw(request, issue, form, 422)


def _torn(request: HttpRequest, issue: Issue, form: ab_form.TrialForm, stale: Stale) -> HttpResponse:
    """Say what stands there now, beside what was typed; saving again puts that in its place."""
    if _by_script(request):
        return JsonResponse({"stale": sorted(stale.mine)}, status=409)
    for name, value in stale.theirs.items():
        words = ab_form.words_of(name, value)
        form.add_error(name, f"Somebody else has changed this meanwhile: “{words}”. Save again to keep yours.")
    data = request.POST.copy()
    for name, value in stale.theirs.items():
        data[f"seen-{name}"] = seen(value)
    form.data = data
    return draw(request, issue, form, 409)


def _decide(request: HttpRequest, issue: Issue, letter: str) -> HttpResponse:
    """Let the rest get this one; a second press, or another's, changes nothing."""
    if not roles.may(request.user, SEND, issue):
        raise PermissionDenied
    found = Trial.of(issue)
    ctx = pipeline.Context(config=current(), key=str(settings.SECRET_KEY))
    try:
        if found is None:
            raise TransitionRefused(GONE)
        if pipeline.choose_variant(ctx, found, letter, request.user):
            gets = "counts as the winner" if found.is_split else "goes to the rest"
            messages.success(request, f"Variant {letter.upper()} {gets}.")
        else:
            found.refresh_from_db()
            messages.info(request, f"It is decided already: variant {found.winner.upper()} has won.")
    except (TransitionRefused, Variant.DoesNotExist) as error:
        messages.error(request, f"{error}.")
    return SeeOther(_page_of(issue))


def _too_late(
    request: HttpRequest, issue: Issue, words: str, torn: list[tuple[str, str]] | None = None
) -> HttpResponse:
    """Say why it was not saved, and show what was typed, so that it is not lost."""
    if _by_script(request):
        return JsonResponse({"refused": f"{words}."}, status=409)
    typed = torn or ab_form.lost(None, request.POST)
    answer = desk_page(
        request, "editor_late.html", "Not saved", object=issue, words=words, typed=typed, back=_page_of(issue)
    )
    answer.status_code = 409
    return answer


def _page_of(issue: Issue) -> str:
    return reverse("desk-ab", args=(issue.pk,))


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
