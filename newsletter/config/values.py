"""Values as people write them in config.yaml: `24h`, `10 MB`, a cron line, a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field

from newsletter.config.source import nearest

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}


def _duration(value: Any) -> Any:
    """Read `90s`, `24h` or `1d 12h` as a time span; a bare number is not clear enough."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", text)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)|\s", "", text):
        raise ValueError(f"'{value}' is not a time span; write a number with s, m, h, d or w, such as 24h")
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))


def _size(value: Any) -> Any:
    """Read `10 MB` as bytes."""
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)", str(value).strip().lower())
    if not match:
        raise ValueError(f"'{value}' is not a size; write a number with kB, MB or GB, such as 10 MB")
    return int(float(match[1]) * _SIZES[match[2]])


def _time_zone(name: str) -> str:
    """An IANA time zone such as Europe/Berlin."""
    known = available_timezones()
    if name not in known:
        hint = nearest(name, sorted(known)) or "use an IANA name such as Europe/Berlin"
        raise ValueError(f"there is no time zone '{name}'; {hint}")
    return name


def _cron(line: str) -> str:
    """Five cron fields; days of the week count from Sunday = 0, or are written Mon, Tue …"""
    if len(line.split()) != 5:
        raise ValueError(f"'{line}' must have five fields: minute hour day month weekday, such as 0 8 * * FRI")
    try:
        next(CronSim(line, datetime.now(UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"'{line}' is not a cron line that ever comes due ({error})") from None
    return line


def _email(address: str) -> str:
    """An address that mail can be sent from."""
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"'{address}' is not an email address: {error}") from None


def _base_url(url: str) -> str:
    """A site's address without the slash at its end."""
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise ValueError(f"'{url}' must be a web address such as https://news.example.org")
    return url.rstrip("/")


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(_size)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Cron = Annotated[str, AfterValidator(_cron)]
Email = Annotated[str, AfterValidator(_email)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


def zone(name: str) -> ZoneInfo:
    """The time zone of a name that has been validated."""
    return ZoneInfo(name)
