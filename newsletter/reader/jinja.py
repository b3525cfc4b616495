"""The Jinja2 environment of the readers' pages."""

from typing import Any

from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from newsletter.settings import current


def environment(**options: Any) -> Environment:
    """Autoescaping comes from Django's backend; a name nobody set is an error, not an empty place."""
    env = Environment(**{**options, "undefined": StrictUndefined})  # noqa: S701 - the backend sets autoescape
    env.globals.update(url=reverse, site=current().site)
    return env
