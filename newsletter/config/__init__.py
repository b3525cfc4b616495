"""config.yaml and the environment, read into one typed, frozen object. Nothing else reads either."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsletter.config.schema import Config, Newsletter, NewsletterSection, Smtp, TransportName
from newsletter.config.source import ConfigError, Location, Origins, Problem, nearest, read

__all__ = ["Config", "ConfigError", "Newsletter", "NewsletterSection", "Problem", "Smtp", "TransportName", "load"]


def load(path: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration from `path`, NEWSLETTER_CONFIG or ./config.yaml.

    Raises ConfigError, which names every problem with its key, line, reason and hint.
    """
    environ = os.environ if environ is None else environ
    file = Path(path or environ.get("NEWSLETTER_CONFIG") or "config.yaml").absolute()
    values, origins = read(file, environ)
    try:
        config = Config.model_validate(values).beside(file.parent)
    except ValidationError as error:
        raise ConfigError(*_problems(error, origins)) from None
    if problems := list(_contradictions(config, origins)):
        raise ConfigError(*problems)
    return config


def _problems(error: ValidationError, origins: Origins) -> Iterator[Problem]:
    """Pydantic's complaints in the words of someone who has to mend the file."""
    for detail in error.errors(include_url=False, include_input=False):
        location = tuple(part for part in detail["loc"] if part != "[key]")
        key, hint, reason = ".".join(map(str, location)), "", detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            reason, hint = "there is no such key", nearest(str(location[-1]), _known_keys(location[:-1]))
        elif detail["type"] == "missing":
            reason = "this key is required"
        elif detail["type"] == "string_pattern_mismatch" and "[key]" in detail["loc"]:
            reason = "a name is lower-case letters, digits and hyphens"
        yield Problem(key, reason, origins.find(location), hint)


def _known_keys(location: Location) -> list[str]:
    """The keys that the schema allows at a place."""
    model: Any = Config
    for part in location:
        fields = getattr(model, "model_fields", None)
        annotation = fields[str(part)].annotation if fields and str(part) in fields else model
        model = _model_inside(annotation)
    return sorted(set(getattr(model, "model_fields", {})))


def _model_inside(annotation: Any) -> Any:
    """The model that a field such as `dict[Slug, Source]` or `Sender | None` holds."""
    if hasattr(annotation, "model_fields"):
        return annotation
    inner = (_model_inside(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if hasattr(model, "model_fields")), annotation)


def _contradictions(config: Config, origins: Origins) -> Iterator[Problem]:
    """What is well formed, key by key, but cannot work together."""
    known = list(config.collect.sources)
    for name, letter in config.newsletters.items():
        for index, source in enumerate(letter.sources):
            if source not in known:
                place: Location = ("newsletters", name, "sources", index)
                hint = nearest(source, known) or f"known: {', '.join(known) or 'none'}"
                yield Problem(
                    f"newsletters.{name}.sources", f"there is no source '{source}'", origins.find(place), hint
                )
    used = {config.transport_of(name) for name in config.newsletters} or {config.send.transport}
    if "smtp" in used and not config.send.smtp.host:
        yield Problem("send.smtp.host", "the smtp transport needs a host", origins.find(("send", "smtp")))
    if "sendgrid" in used and not config.send.sendgrid.api_key.get_secret_value():
        hint = "set NEWSLETTER_SEND__SENDGRID__API_KEY, or …_FILE to a file that holds it"
        yield Problem("send.sendgrid.api_key", "the sendgrid transport needs a key", origins.find(("send",)), hint)
