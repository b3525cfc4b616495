"""config.yaml and the environment, read into one typed, frozen object. Nothing else reads either."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from newsletter.config import wording
from newsletter.config.answers import Imap
from newsletter.config.consistency import contradictions
from newsletter.config.environment import lay_over
from newsletter.config.problems import ConfigError, Problem
from newsletter.config.rates import Rate
from newsletter.config.schema import Config, Newsletter, NewsletterSection
from newsletter.config.sending import Outbox, Route, SendGrid, Smtp, Transport, TransportName
from newsletter.config.source import read

__all__ = [
    "Config",
    "ConfigError",
    "Imap",
    "Newsletter",
    "NewsletterSection",
    "Outbox",
    "Problem",
    "Rate",
    "Route",
    "SendGrid",
    "Smtp",
    "Transport",
    "TransportName",
    "load",
]


def load(path: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration from `path`, NEWSLETTER_CONFIG or ./config.yaml.

    Raises ConfigError, which names every problem with its key, line, reason and hint.
    """
    environ = os.environ if environ is None else environ
    file = Path(path or environ.get("NEWSLETTER_CONFIG") or "config.yaml").absolute()
    values, origins = read(file)
    problems = lay_over(values, origins, environ, file.parent)
    try:
        config = Config.model_validate(values).beside(file.parent).set_by(origins)
    except ValidationError as error:
        raise ConfigError(*problems, *wording.problems(error, origins)) from None
    if problems := [*problems, *contradictions(config, origins)]:
        raise ConfigError(*problems)
    return config
