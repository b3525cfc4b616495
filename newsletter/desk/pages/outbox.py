"""The outbox: the messages that the outbox transport wrote, to be looked at as a reader would."""

from __future__ import annotations

from pathlib import Path

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase

from newsletter import roles
from newsletter.desk import mailbox
from newsletter.desk.pages.base import desk_page, framed, staff_page
from newsletter.settings import current

PER_PAGE = 50
SHOWN = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)


@staff_page("newsletter.view_message")
def index(request: HttpRequest) -> HttpResponse:
    """The issues that messages were written for."""
    folders = mailbox.folders(current().outbox)
    seen = set(roles.among(request.user, "newsletter.view_message", (one.newsletter for one in folders)))
    page = Paginator([one for one in folders if one.newsletter in seen], PER_PAGE).get_page(request.GET.get("page"))
    used = any("outbox" in current().kinds_of(name) for name in current().newsletters)
    return desk_page(request, "outbox.html", "Outbox", page=page, outbox=current().outbox, used=used)


@staff_page("newsletter.view_message")
def folder(request: HttpRequest, newsletter: str, slug: str) -> HttpResponse:
    """The messages of one issue, a page at a time."""
    outbox = current().outbox
    if not (names := mailbox.names(outbox, newsletter, slug)):
        raise Http404(f"the outbox holds nothing of {newsletter}/{slug}")
    page = Paginator(names, PER_PAGE).get_page(request.GET.get("page"))
    files = [file for name in page if (file := mailbox.file_of(outbox, newsletter, slug, name))]
    return desk_page(
        request,
        "outbox_folder.html",
        f"{newsletter} {slug}",
        page=page,
        entries=[mailbox.entry(file) for file in files],
        newsletter=newsletter,
        slug=slug,
    )


@staff_page("newsletter.view_message")
def message(request: HttpRequest, newsletter: str, slug: str, name: str) -> HttpResponse:
    """One message: its headers, and its HTML, text or source."""
    mail = mailbox.read(_file(newsletter, slug, name))
    part = request.GET.get("part", "html")
    return desk_page(
        request,
        "outbox_message.html",
        mail.subject or "(no subject)",
        mail=mail,
        headers=sorted((pair for pair in mail.headers if pair[0] in SHOWN), key=lambda pair: SHOWN.index(pair[0])),
        part=part if part in ("html", "text", "source") else "html",
        tabs=(("html", "HTML"), ("text", "Plain text"), ("source", "Source")),
        newsletter=newsletter,
        slug=slug,
        name=name,
    )


@staff_page("newsletter.view_message")
def raw(request: HttpRequest, newsletter: str, slug: str, name: str) -> HttpResponse:
    """The HTML of a message, for the frame."""
    return framed(mailbox.read(_file(newsletter, slug, name)).html)


@staff_page("newsletter.view_message")
def download(request: HttpRequest, newsletter: str, slug: str, name: str) -> HttpResponseBase:
    """The message as a file that mail programs open."""
    file = _file(newsletter, slug, name)
    filename = f"{newsletter}-{slug}-{name}.eml"
    return FileResponse(file.open("rb"), as_attachment=True, filename=filename, content_type="message/rfc822")


def _file(newsletter: str, slug: str, name: str) -> Path:
    file = mailbox.file_of(current().outbox, newsletter, slug, name)
    if file is None:
        raise Http404(f"there is no message {newsletter}/{slug}/{name} in the outbox")
    return file
