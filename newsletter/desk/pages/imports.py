"""Files of people on their way in: chosen, looked over column by column, tried out, brought in, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.csvs import download
from newsletter.desk.pages.import_forms import ColumnsForm, UploadForm, WishesForm
from newsletter.settings import current
from subscribers import exporting, importing
from subscribers.importing import ImportRefused, Undone
from subscribers.importing.pieces import in_megabytes
from subscribers.models import Import, Occasion, Origin

SHOWN = 50
RIGHTS = {Import.Kind.PEOPLE: "subscribers.add_subscriber", Import.Kind.SUPPRESSIONS: "subscribers.add_suppression"}
OUTCOMES = {
    "added": "added to the list", "updated": "known, and brought up to date", "unchanged": "known, and as they were",
    "restored": "brought back", "unsubscribed": "came in as unsubscribed", "suppressed": "suppressed",
    "kept_out": "kept out: they had unsubscribed or are suppressed", "repeated": "stand in the file twice",
    "refused": "refused",
}  # fmt: skip
Status = Import.Status


@dataclass(frozen=True)
class Pace:
    """How fast an import goes, and how long it will yet take."""

    percent: int
    a_second: int
    left: str

    @classmethod
    def of(cls, job: Import) -> Pace:
        """As far as can be told from the rows so far."""
        seconds = (timezone.now() - job.started_at).total_seconds() if job.started_at else 0
        speed = job.rows_done / seconds if seconds > 0 else 0
        whole = max(job.rows_total or 0, job.rows_done)
        left = (whole - job.rows_done) / speed if speed else 0
        words = f"about {round(left / 60)} minutes left" if left > 90 else f"about {round(left)} seconds left"
        return cls(round(100 * job.rows_done / whole) if whole else 0, round(speed), words if left >= 1 else "")


def new(request: HttpRequest) -> HttpResponseBase:
    """Ask for a file; on POST keep it, and go on to look it over."""
    return admin.site.admin_view(_new)(request)


@require_http_methods(["GET", "HEAD", "POST"])
def _new(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", Import.Kind.PEOPLE)
    kind = Import.Kind(kind) if kind in Import.Kind.values else Import.Kind.PEOPLE
    insist(request, kind)
    limit = current().audience.imports.max_bytes
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = importing.take(file.file, file.name, request.user.get_username(), Origin.IMPORT, limit, kind)
        except ImportRefused as error:
            form.add_error("file", f"{error}.")
        else:
            _log(request, job, ADDITION, "uploaded")
            return SeeOther(_page_of(job))
    response = desk_page(
        request, "import_new.html", "Import", form=form, kind=kind, limit=in_megabytes(limit),
        people=kind == Import.Kind.PEOPLE,
    )  # fmt: skip
    response.status_code = 422 if form.errors else 200
    return response


def insist(request: HttpRequest, kind: str) -> None:
    """Raise PermissionDenied unless this member of staff may bring in such a file."""
    if not request.user.has_perm(RIGHTS[Import.Kind(kind)]):
        raise PermissionDenied


@staff_page("subscribers.view_import")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """Where an import stands: to be looked over, on its way, or done."""
    job = _job(number)
    if job.status == Status.UPLOADED:
        return _mapping_page(request, job, ColumnsForm(job), WishesForm(job))
    return _progress_page(request, job)


def do(request: HttpRequest, number: int, verb: str) -> HttpResponseBase:
    """Start, try out, cancel or undo an import."""
    return admin.site.admin_view(_do)(request, number, verb)


@require_http_methods(["POST"])
def _do(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    job = _job(number)
    insist(request, job.kind)
    verbs = {"start": _start, "again": _again, "cancel": _cancel, "undo": _undo}
    if verb not in verbs:
        raise Http404(f"“{verb}” cannot be done to an import")
    return verbs[verb](request, job)


def _start(request: HttpRequest, job: Import) -> HttpResponse:
    """As the mapping page says; what cannot be is said there, and nothing typed is lost."""
    columns, wishes = ColumnsForm(job, request.POST), WishesForm(job, request.POST)
    if columns.is_valid() and wishes.is_valid():
        job.mapping = columns.mapping()
        wishes.tell(job)
        _may_bring_back(request, job)
        job.dry_run = "try" in request.POST
        try:
            importing.start(job, timezone.now())
        except ImportRefused as error:
            columns.problem = f"{error}."
        else:
            _log(request, job, ADDITION, "tried out" if job.dry_run else _begun(job))
            return SeeOther(_page_of(job))
    response = _mapping_page(request, job, columns, wishes)
    response.status_code = 422
    return response


def _again(request: HttpRequest, job: Import) -> HttpResponse:
    """Bring in for good what was tried out, or go on where it stopped."""
    job.dry_run = False
    _may_bring_back(request, job)
    try:
        importing.start(job, timezone.now())
        _log(request, job, CHANGE, _begun(job))
    except ImportRefused as error:
        messages.error(request, f"{error}.")
    return SeeOther(_page_of(job))


def _begun(job: Import) -> str:
    """For the page of changes; suppressions have neither list nor basis."""
    return "; ".join(["started", *([f"list {job.list}"] if job.list else []), *([job.basis] if job.basis else [])])


def _cancel(request: HttpRequest, job: Import) -> HttpResponse:
    if importing.cancel(job, timezone.now()):
        _log(request, job, CHANGE, f"cancelled after {job.rows_done:,} rows")
    return SeeOther(_page_of(job))


def _may_bring_back(request: HttpRequest, job: Import) -> None:
    """Raise PermissionDenied where people are to be brought back by somebody who may lift no suppression."""
    if job.restore and not request.user.has_perm("subscribers.delete_suppression"):
        raise PermissionDenied("bringing people back lifts suppressions")


def _undo(request: HttpRequest, job: Import) -> HttpResponse:
    if not request.user.has_perm("subscribers.delete_subscriber"):
        raise PermissionDenied("undoing an import forgets people")
    occasion = Occasion(timezone.now(), Origin.DESK, f"import {job.pk} undone", by=request.user.get_username())
    try:
        importing.undo(job, occasion)
    except ImportRefused as error:
        messages.error(request, f"{error}.")
    else:
        _log(
            request, job, CHANGE, f"undone, whoever of {importing.Undone.of(job).expected:,} people is as it left them"
        )
    return SeeOther(_page_of(job))


@staff_page("subscribers.view_import")
def refusals(request: HttpRequest, number: int) -> HttpResponseBase:
    """Every row that was not taken, as CSV."""
    return download(f"import-{number}-refused", exporting.refusals(_job(number)))


def _job(number: int) -> Import:
    return get_object_or_404(Import.objects.select_related("list"), pk=number)


def _page_of(job: Import) -> str:
    return reverse("desk-import", args=(job.pk,))


def _mapping_page(request: HttpRequest, job: Import, columns: ColumnsForm, wishes: WishesForm) -> HttpResponse:
    look = columns.look
    return desk_page(
        request, "import_mapping.html", "Import", object=job, look=look, columns=columns, wishes=wishes,
        people=job.kind == Import.Kind.PEOPLE, size=filesizeformat(job.size),
    )  # fmt: skip


def _progress_page(request: HttpRequest, job: Import) -> HttpResponse:
    live = job.status in (Status.READY, Status.RUNNING)
    undone = Undone.of(job) if job.status in (Status.UNDOING, Status.UNDONE) else None
    return desk_page(
        request, "import.html", "Import", object=job, live=live, undone=undone, pace=Pace.of(job),
        outcomes=[*_outcomes(job)],
        refusals=job.refusals.order_by("line", "pk")[:SHOWN], refused=job.refusals.count() if not live else 0,
        tried=job.dry_run and job.status == Status.DONE, may=request.user.has_perm(RIGHTS[Import.Kind(job.kind)]),
        can_go_on=job.status in (Status.CANCELLED, Status.FAILED), shown=SHOWN,
        can_undo=importing.may_undo(job), may_forget=request.user.has_perm("subscribers.delete_subscriber"),
    )  # fmt: skip


def _outcomes(job: Import) -> Iterator[tuple[str, int]]:
    for name in importing.OUTCOMES:
        if number := job.counts.get(name, 0):
            yield OUTCOMES.get(name, name), number


def _log(request: HttpRequest, job: Import, flag: int, said: str) -> None:
    LogEntry.objects.log_actions(int(request.user.pk or 0), [job], flag, f"{job}: {said}", single_object=True)
