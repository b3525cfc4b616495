"""`newsletter check`: everything that is wrong, at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from newsletter.cli.console import command, counted, done, problem, show
from newsletter.cli.options import facts_option
from newsletter.config import Config, ConfigError, Problem, load


@command()
@facts_option
def check(as_json: bool) -> None:
    """Look over configuration, database, sources, templates and transports.

    Reports all that is wrong at once, each with a hint. Nothing is changed and nothing is sent; the mail server or
    provider is asked whether it would take mail. Where nothing is wrong, it says how much each transport that is used
    may send.
    """
    try:
        load()
    except ConfigError as error:
        _tell(error.problems, as_json)
    config = _configuration()
    _tell(_look_over(config), as_json, config)


def _tell(found: Sequence[Problem], as_json: bool, config: Config | None = None) -> None:
    if as_json:
        show([{"key": one.key, "where": one.where, "reason": one.reason, "hint": one.hint} for one in found], True, "")
    else:
        for one in found:
            problem(str(one))
        if config and not found:
            done(_summary(config))
    sys.exit(1 if found else 0)


def _configuration() -> Config:
    """The configuration in force; Django is set up with it only here, once it is known to be sound."""
    from newsletter.cli.boot import context

    return context().config


def _look_over(config: Config) -> list[Problem]:
    from django.utils import timezone

    from newsletter import collect, compose, preflight, render, send, track
    from newsletter.cli.publication import lacking, unprepared
    from newsletter.models.recipients import unfollowable

    found = [*unprepared(config), *collect.check(config), *render.check(config), *preflight.check(config)]
    found += send.check(config)
    # What stands in rows can be asked for only where there are tables.
    if lacking():
        return found
    return [*found, *unfollowable(config), *compose.check(config, timezone.now()), *track.check(config)]


def _summary(config: Config) -> str:
    from django.db import connection

    ways = [f"  {name} ({config.transports[name].kind}): {words}" for name, words in _limits(config)]
    found = (
        f"{config.site.name}: {counted(len(config.newsletters), 'newsletter')}, "
        f"{counted(len(config.collect.sources), 'source')}, "
        f"{connection.vendor}, {counted(len(ways), 'transport')}: nothing is wrong"
    )
    return "\n".join([found, *ways])


def _limits(config: Config) -> list[tuple[str, str]]:
    """The transports that are used, each with its limits in words."""
    from django.utils import timezone

    from newsletter.send import limits

    return [(name, limits.in_words(config, name, timezone.now())) for name in config.used_transports]
