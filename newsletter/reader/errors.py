"""What readers see when something is not there, or went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from newsletter.reader.frame import whose


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here, and where there is something."""
    return render(request, "404.html", {"whose": whose(request)}, status=404, using="jinja2")


def broken(request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours. Asks nothing of the database: it may be what broke."""
    return render(request, "500.html", {"whose": whose(request)}, status=500, using="jinja2")
