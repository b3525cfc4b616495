"""What is around allauth's pages: the desk's own frame, or, for who is not in yet, that of the way in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from newsletter.desk.signing.kept import OWN


def frame(request: HttpRequest) -> dict[str, Any]:
    """For templates of the pages of signing in, what every page of the desk has; for all others nothing."""
    if not request.path_info.startswith(OWN):
        return {}
    return {**admin.site.each_context(request), "title": "Sign in"}
