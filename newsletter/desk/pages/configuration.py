"""All of config.yaml as it is in force: by section, each key with its meaning, its default, and where it was set."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from newsletter.config import telling
from newsletter.desk.pages.base import desk_page
from newsletter.desk.pages.members import owners_only
from newsletter.desk.saying import coded
from newsletter.settings import current


@owners_only
def configuration(request: HttpRequest) -> HttpResponse:
    """The whole of it, or with `only=set` what somebody has set; for owners."""
    only = request.GET.get("only") == "set"
    found = []
    for part in telling.parts(current()):
        rows = [(row, coded(row.means), "") for row in part.rows if row.where or not only]
        if rows:
            found.append((part, coded(part.means), rows))
    return desk_page(request, "configuration.html", "Configuration", parts=found, only=only)
