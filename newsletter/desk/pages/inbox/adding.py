"""Bringing a post in: by the address of its page, which is fetched when asked and shown before it is added; or written.

Looking at a page changes nothing, and fetches nothing either: the bookmarklet only fills the address in.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from newsletter.collect import adding
from newsletter.collect.entry import Entry
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.desk.pages.inbox.forms import AddressForm, StoryForm, WriteForm
from newsletter.desk.pages.inbox.room import Room, triage_page
from newsletter.desk.pages.inbox.story import framed
from newsletter.models import Chore, Post, Triage
from newsletter.settings import current


@triage_page
def add(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Ask for an address; have its page fetched and show what would be added; add it."""
    room = Room.of(request, newsletter)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do.startswith("take:"):
        return _take(request, room, do.removeprefix("take:"))
    if do == "add":
        return _add(request, room)
    if do == "fetch":
        return _fetch(request, room)
    if work := request.GET.get("work", ""):
        return _fetched(request, room, work)
    return _ask(request, room, AddressForm(initial={"url": request.GET.get("url", "")}))


@triage_page
def write(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Ask for a story; show how it reads; add it."""
    room = Room.of(request, newsletter)
    if request.method != "POST":
        return _write(request, room, WriteForm(initial={"guid": str(uuid4())}))
    form, preview = WriteForm(request.POST), ""
    if form.is_valid():
        entry, faults = adding.entry(current(), form.story(), timezone.now())
        for fault in faults:
            form.add_error("text", f"Line {fault.line}: {fault.reason}.")
        if not faults and request.POST.get("do") == "add":
            return _kept(request, room, entry)
        preview = framed(Post(html=entry.html, summary=entry.summary))
    return _write(request, room, form, preview=preview)


def _ask(request: HttpRequest, room: Room, form: AddressForm, status: int = 422, **context: Any) -> HttpResponse:
    address = request.build_absolute_uri(reverse("desk-inbox-add", args=(room.name,)))
    # What stands behind the address is added in the browser, where the reader is.
    bookmarklet = f"javascript:void(location.href='{address}?url='+encodeURIComponent(location.href))"
    response = desk_page(
        request, "inbox_add.html", "Add a post", room=room, form=form, bookmarklet=bookmarklet, **context
    )
    response.status_code = status if form.errors else 200
    return response


def _fetch(request: HttpRequest, room: Room) -> HttpResponse:
    """Have the page fetched by a job, and go where one sees how that goes."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _ask(request, room, form)
    chore = Chore.ask(Chore.Kind.PAGE, room.name, timezone.now(), request.user, url=form.cleaned_data["url"])
    return SeeOther(f"{reverse('desk-inbox-add', args=(room.name,))}?work={chore.pk}")


def _fetched(request: HttpRequest, room: Room, work: str) -> HttpResponse:
    """The story that was fetched, what stands in its way, or that it is not there yet."""
    chore = _chore(request, room, work)
    if chore is None:
        messages.info(request, "What was fetched is not kept for longer than a day. Fetch it once more.")
        return SeeOther(reverse("desk-inbox-add", args=(room.name,)))
    url = chore.facts["url"]
    if not chore.is_done:
        return _wait(request, room, chore)
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if chore.fault:
        form = AddressForm({"url": url})
        form.add_error("url", chore.fault)
        return _ask(request, room, form, status=200)
    if post := adding.known(chore.found["url"]):
        triage = Triage.of(room.name, [post.pk]).get(post.pk)
        used = room.inbox.used_by([post.pk]).get(post.pk, [])
        return _ask(request, room, AddressForm(initial={"url": url}), known=post, triage=triage, used=used)
    return _show(request, room, StoryForm(initial=_initial(chore)), chore.found["html"], chore.found["summary"])


def _wait(request: HttpRequest, room: Room, chore: Chore) -> HttpResponse:
    """That it is being fetched: a page that looks again by itself, or the part of it that does."""
    context = {"room": room, "chore": chore}
    if "HX-Request" in request.headers:
        answer = render(request, "inbox_add_waiting.html", context)
    else:
        answer = desk_page(request, "inbox_add_wait.html", "Add a post", **context)
    answer["Cache-Control"] = "no-store"
    return answer


def _chore(request: HttpRequest, room: Room, work: str) -> Chore | None:
    """What this member of staff has asked for."""
    try:
        rows = Chore.objects.filter(kind=Chore.Kind.PAGE, subject=room.name, by=request.user.pk)
        return rows.filter(pk=UUID(work)).first()
    except ValueError:
        return None


def _initial(chore: Chore) -> dict[str, Any]:
    at = parse_datetime(chore.found["published_at"]) if chore.found["published_at"] else None
    return {**chore.found, "published_at": timezone.localtime(at) if at else None}


def _show(request: HttpRequest, room: Room, form: StoryForm, html: str, summary: str) -> HttpResponse:
    preview = framed(Post(html=html, summary=summary))
    response = desk_page(request, "inbox_add_story.html", "Add this post?", room=room, form=form, preview=preview,
                         url=form["url"].value())  # fmt: skip
    response.status_code = 422 if form.errors else 200
    return response


def _add(request: HttpRequest, room: Room) -> HttpResponse:
    form = StoryForm(request.POST)
    if form.is_valid():
        entry, _ = adding.entry(current(), form.story(), timezone.now())
        if entry.url:
            return _kept(request, room, entry)
        form.add_error(None, "The address of the page got lost. Fetch it once more.")
    entry, _ = adding.entry(
        current(), adding.Story(guid="", title="", html=request.POST.get("html", "")), timezone.now()
    )
    return _show(request, room, form, entry.html, "")


def _kept(request: HttpRequest, room: Room, entry: Entry) -> HttpResponse:
    return _star(request, room, adding.keep(entry, timezone.now()))


def _take(request: HttpRequest, room: Room, number: str) -> HttpResponse:
    """Bring in what some source, or an editor of another newsletter, has brought already."""
    post = get_object_or_404(Post, pk=int(number) if number.isdecimal() and len(number) < 19 else 0)
    return _star(request, room, post)


def _star(request: HttpRequest, room: Room, post: Post) -> HttpResponse:
    told = Triage.add(room.name, post, timezone.now(), request.user)
    if told.changed:
        LogEntry.objects.log_actions(
            int(request.user.pk or 0), [post], ADDITION, f"{room.name}: added", single_object=True
        )
        messages.success(request, f"“{post}” is added, and starred.", extra_tags=f"undo:{told.act}")
    else:
        messages.info(request, f"“{post}” is there already, and starred.")
    return SeeOther(f"{room.address}?tab=starred")


def _write(request: HttpRequest, room: Room, form: WriteForm, preview: str = "") -> HttpResponse:
    response = desk_page(request, "inbox_write.html", "Write a post", room=room, form=form, preview=preview)
    response.status_code = 422 if form.errors else 200
    return response
