"""People as a file, and the state they are in as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.csvs import download
from subscribers import exporting
from subscribers.finding import Count, Search
from subscribers.models import List, Subscriber
from subscribers.wanted import Unclear, Wanted


@staff_page("subscribers.view_subscriber")
def export(request: HttpRequest) -> HttpResponseBase:
    """Everybody whom a search and its filters find, as the importer reads them back."""
    wanted = Wanted.of(request.GET.dict())
    try:
        people = Search(wanted, timezone.now()).everybody()
    except Unclear as error:
        messages.error(request, f"{error}.")
        return SeeOther(reverse("admin:subscribers_subscriber_changelist"))
    LogEntry.objects.create(
        user_id=int(request.user.pk or 0), content_type=ContentType.objects.get_for_model(Subscriber),
        object_repr="people", action_flag=CHANGE, change_message=f"exported: {wanted}",
    )  # fmt: skip
    of = List.objects.filter(name=wanted.list).first() if wanted.list else None
    return download("people", exporting.people(of, among=people))


@dataclass(frozen=True)
class Concern:
    """Some people who deserve a look: how many, what they are, what to do, and the filter that finds them."""

    title: str
    count: Count
    advice: str
    query: str


CONCERNS = (
    ("Role addresses", "flag=role", "Several people read info@ and the like, and some of them never asked."),
    ("Disposable addresses", "flag=disposable", "Made for one sign-up and soon gone: nobody reads them."),
    ("Dormant", "standing=dormant", "No sign of life for long, and no answer whether to stay. They get nothing more."),
    ("Asked whether to stay", "standing=asked", "They have got the question, and time to answer it."),
    ("Bounced", "standing=bounced", "The mailbox is not there. They are suppressed; lift one only if you know better."),
    ("Complained", "standing=complained", "They called your mail spam. Never write to them again."),
    ("Paused", "standing=paused", "They asked for a break, and come back by themselves."),
)


@staff_page("subscribers.view_subscriber")
def hygiene(request: HttpRequest) -> HttpResponseBase:
    """How clean the lists are, with the ways to those who are not."""
    now = timezone.now()
    people = reverse("admin:subscribers_subscriber_changelist")
    concerns = [
        Concern(title, Search(Wanted.of(dict(parse_qsl(query))), now).count(), advice, f"{people}?{query}")
        for title, query, advice in CONCERNS
    ]
    return desk_page(request, "hygiene.html", "Hygiene", concerns=concerns)
