"""Who an issue would go to, if its audience were frozen now: how many, and why others would not get it."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from newsletter.config import Newsletter
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import AudienceUnknown, Issue, audience_of
from newsletter.settings import current


@staff_page("newsletter.view_issue")
def audience(request: HttpRequest, number: int) -> HttpResponse:
    """The count, as a part of the issue's page or as a page of its own."""
    issue = get_object_or_404(Issue, pk=number)
    letter = current().newsletters.get(issue.newsletter)
    if letter is None:
        counts, fault = {}, f"config.yaml has no newsletter '{issue.newsletter}' any more"
    else:
        try:
            counts, fault = _counts(issue, letter), ""
        except AudienceUnknown as error:
            counts, fault = {}, str(error)
    # Counted now, and true of now.
    answer = desk_page(
        request, "issue_audience.html", "Audience", object=issue, fault=fault, number=f"{counts.pop('', 0):,}",
        excluded=sorted(counts.items(), key=lambda one: -one[1]), part="HX-Request" in request.headers,
    )  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


def _counts(issue: Issue, letter: Newsletter) -> dict[str, int]:
    people = audience_of(issue, letter).people(timezone.now())
    # The stubs do not see what `people` adds.
    return dict(people.order_by().values_list("exclusion").annotate(Count("pk")))  # type: ignore[misc]
