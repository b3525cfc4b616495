"""Set Django up with the publication's configuration; imported before any module that has tables."""

from __future__ import annotations

import django

django.setup()

from django.conf import settings  # noqa: E402

from newsletter.cli.console import Failure  # noqa: E402
from newsletter.models import Issue  # noqa: E402
from newsletter.pipeline import Context  # noqa: E402
from newsletter.settings import current  # noqa: E402


def context() -> Context:
    """The context of the jobs, with a clock that goes."""
    return Context(current(), str(settings.SECRET_KEY))


def issue_named(name: str) -> Issue:
    """The issue of this number or `newsletter/date` name, or a clear refusal."""
    try:
        return Issue.named(name)
    except (Issue.DoesNotExist, ValueError):
        raise Failure(f"there is no issue '{name}' (`newsletter issues` lists them)") from None
