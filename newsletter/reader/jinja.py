"""The Jinja2 environment of the readers' pages."""

from typing import Any

from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from newsletter.config.schema import Site
from newsletter.settings import current


def environment(**options: Any) -> Environment:
    """Autoescaping comes from Django's backend; a name nobody set is an error, not an empty place."""
    env = Environment(**{**options, "undefined": StrictUndefined})  # noqa: S701 - the backend sets autoescape
    env.globals.update(url=_url, site=_site)
    return env


def _url(name: str, **parts: str | int) -> str:
    return reverse(name, kwargs=parts)


def _site() -> Site:
    """Asked anew for each page, because Django keeps the environment for as long as the process lives."""
    return current().site
