"""Names in addresses: those that config.yaml knows, and 404 for the others."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from newsletter.config import Config, Newsletter


def known(config: Config, newsletter: str) -> Newsletter:
    """What config.yaml says of a newsletter; Http404 if it has none of this name."""
    if newsletter not in config.newsletters:
        raise Http404(f"there is no newsletter '{newsletter}'")
    return config.newsletters[newsletter]


def chosen(config: Config, request: HttpRequest) -> str:
    """The newsletter that a list is narrowed to by `?newsletter=`; empty for all, or if there is no such."""
    asked = request.GET.get("newsletter", "")
    return asked if asked in config.newsletters else ""


def among(config: Config, name: str) -> tuple[str, ...]:
    """The newsletters that are looked through: one, or all."""
    return (name,) if name else tuple(config.newsletters)


def names(config: Config) -> dict[str, str]:
    """The titles of the newsletters."""
    return {name: settings.title for name, settings in config.newsletters.items()}
