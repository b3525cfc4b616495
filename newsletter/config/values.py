"""Values as people write them in config.yaml: `24h`, `10 MB`, a cron line, a time zone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import idna
from cronsim import CronSim, CronSimError
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from newsletter.config.problems import nearest

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)"
_LONGEST = timedelta(days=3660)
_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_TOKEN = 33  # a plus sign and what tokens.sign_until makes
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SIZES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}


@dataclass(frozen=True)
class Called:
    """What the documentation calls a type."""

    name: str


def _duration(value: Any) -> Any:
    """Read `90s`, `24h` or `1d 12h` as a time span; a bare number is not clear enough."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    parts = re.findall(_SPAN, text)
    if not parts or re.sub(rf"{_SPAN}|\s", "", text):
        raise ValueError(f"'{value}' is not a time span; write a number with s, m, h, d or w, such as 24h")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"'{value}' is longer than ten years")
    return timedelta(seconds=seconds)


def _not_nothing(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError("this must be longer than nothing")
    return span


def _size(value: Any) -> Any:
    """Read `10 MB` as bytes."""
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)", str(value).strip().lower())
    if not match:
        raise ValueError(f"'{value}' is not a size; write a number with kB, MB or GB, such as 10 MB")
    return int(float(match[1]) * _SIZES[match[2]])


@cache
def _zones() -> dict[str, str]:
    """Every zone's name, by its name in lower case."""
    return {name.lower(): name for name in sorted(available_timezones())}


def _time_zone(name: str) -> str:
    """An IANA time zone such as Europe/Berlin."""
    known = _zones()
    if name not in known.values():
        like = nearest(name.lower().replace(" ", "_"), list(known))
        hint = re.sub(r"'(.+)'", lambda match: f"'{known[match[1]]}'", like) or "use an IANA name such as Europe/Berlin"
        raise ValueError(f"there is no time zone '{name}'; {hint}")
    return name


def _cron(line: str) -> str:
    """Five cron fields; days of the week count from Sunday = 0, or are written Mon, Tue …"""
    if len(line.split()) != 5:
        raise ValueError(f"'{line}' must have five fields: minute hour day month weekday, such as 0 8 * * FRI")
    try:
        next(CronSim(line, datetime.now(UTC)))
    except (CronSimError, StopIteration) as error:
        said = _misnamed(line) or str(error) or "no such day comes"
        raise ValueError(f"'{line}' is not a cron line that ever comes due ({said})") from None
    return line


def _misnamed(line: str) -> str:
    """A hint if a month or a day goes by a name that cron lines do not know, such as FRIDAY."""
    for field, known, hint in zip(
        line.split()[3:], (_MONTHS, _DAYS), ("JAN … DEC or 1–12", "SUN … SAT or 0–7"), strict=True
    ):
        for word in re.findall(r"[A-Za-z]{2,}", field):
            if word.upper() not in known:
                meant = f"; did you mean {word[:3].upper()}?" if word[:3].upper() in known else ""
                return f"'{word}' is not known, write {hint}{meant}"
    return ""


def _time_of_day(value: Any) -> Any:
    """Hours and minutes such as 08:00; unquoted, YAML reads 18:00 as the number of its minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return f"{value // 60:02}:{value % 60:02}"
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text := str(value).strip()):
        raise ValueError(f"'{value}' is not a time of day; write it as 08:00")
    return text.rjust(5, "0")


def _email(address: str) -> str:
    """An address that mail can be sent from: ASCII before the @, as a server without SMTPUTF8 would refuse else."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(f"'{address}' is not an email address: {error}") from None
    return found.normalized


def _room_for_a_token(address: str) -> str:
    """An address into which a plus sign and a token of `tokens.sign_until` still fit."""
    longest = _LOCAL - _TOKEN
    if len(address.rpartition("@")[0]) > longest:
        raise ValueError(f"what stands before the @ may be {longest} characters long, for a token follows it")
    return address


def _domain(name: str) -> str:
    """A domain as addresses are compared by it: lower case, ASCII; `*.example.org` is all below example.org."""
    text = name.strip().lower().removeprefix("@").removesuffix(".")
    below, star = text.removeprefix("*."), "*." if text.startswith("*.") else ""
    try:
        found = idna.encode(below, uts46=True).decode("ascii")
    except idna.IDNAError:
        found = ""
    if "." not in found:
        raise ValueError(f"'{name}' is not a domain; write gmail.com, or *.example.org for all below example.org")
    return f"{star}{found}"


def _base_url(url: str) -> str:
    """A site's address without the slash at its end."""
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url) or not _has_port(url):
        raise ValueError(f"'{url}' must be a web address such as https://news.example.org")
    if not url.isascii():
        raise ValueError(f"'{url}' must be ASCII: write the host as browsers send it (xn--…), and the path with %")
    return url.rstrip("/")


def _listen(address: str) -> str:
    if not re.fullmatch(r"\S*:\d+", address) or not _has_port(f"tcp://{address}"):
        raise ValueError(f"'{address}' must be an address and a port such as 127.0.0.1:8000")
    return address


def _database_url(url: SecretStr) -> SecretStr:
    """A database's address; it may hold a password, so no message repeats it."""
    text = url.get_secret_value()
    if re.fullmatch(r"sqlite:///.+", text) or not text:
        return url
    if not re.match(r"postgres(ql)?://", text) or not _has_port(text) or len(urlsplit(text).path) < 2:
        raise ValueError("this must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")
    return url


def _has_port(url: str) -> bool:
    """Whether the part between // and / can be taken apart, with a port that exists if it names one."""
    try:
        return urlsplit(url).port is not False
    except ValueError:
        return False


def _line(text: str) -> str:
    """Words that go into one line of a header: nothing may break them up."""
    text = text.strip()
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("this must be one line, without control characters")
    return text


Duration = Annotated[timedelta, BeforeValidator(_duration), Called("time span")]
Span = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_not_nothing), Called("time span")]
Size = Annotated[int, BeforeValidator(_size), Field(ge=1), Called("size")]
TimeOfDay = Annotated[str, BeforeValidator(_time_of_day), Called("time of day")]
TimeZone = Annotated[str, AfterValidator(_time_zone), Called("time zone")]
Cron = Annotated[str, AfterValidator(_cron), Called("cron line")]
Email = Annotated[str, AfterValidator(_email), Called("email address")]
TokenEmail = Annotated[Email, AfterValidator(_room_for_a_token)]
Domain = Annotated[str, AfterValidator(_domain), Called("domain")]
BaseUrl = Annotated[str, AfterValidator(_base_url), Called("web address")]
Listen = Annotated[str, AfterValidator(_listen), Called("address:port")]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url), Called("database address")]
Line = Annotated[str, AfterValidator(_line)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"), Called("name")]


def zone(name: str) -> ZoneInfo:
    """The time zone of a name that has been validated."""
    return ZoneInfo(name)
