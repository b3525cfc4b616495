"""What a time means that is being typed into the form that says when an issue is sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from newsletter.desk.asking import WhenForm
from newsletter.desk.pages.base import staff_page
from newsletter.desk.scheduling import asked, meaning
from newsletter.models import Issue


@staff_page("newsletter.send_issue")
def when(request: HttpRequest, number: int) -> HttpResponse:
    """The part of the form beside its field, for the page to show instead of what stood there."""
    issue = get_object_or_404(Issue, pk=number)
    # A box that is not ticked is not sent.
    ticked = {"local_time": "on" if "local_time" in request.GET else ""}
    form = WhenForm(initial={**WhenForm.starting(issue), **asked(request), **ticked}, issue=issue)
    answer = render(request, "when.html", {"object": issue, **meaning(request, issue, form)})
    answer["Cache-Control"] = "no-store"
    return answer
