"""Networks: who uses the addresses that opens and clicks come from, as far as a file of public facts says."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import yaml
from pydantic import Field, ValidationError

from newsletter.config.section import Section

SHIPPED = Path(__file__).with_name("networks.yaml")
"""The file that counts where config.yaml names none."""
Kind = Literal["apple", "google", "scanner", "hosting"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Range = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadNetworks(ValueError):
    """A file of networks that cannot be used; the message names the file, the place in it and what is wrong there."""


class Network(NamedTuple):
    """Somebody's addresses."""

    name: str
    kind: Kind


class _Entry(Section):
    name: str = Field(min_length=1)
    kind: Kind
    source: str = Field(min_length=1)
    ranges: tuple[_Range, ...] = Field(min_length=1)


class _File(Section):
    date: date
    networks: tuple[_Entry, ...]


class _Table:
    """The ranges of one version of IP as places where whoever holds the addresses changes."""

    def __init__(self, ranges: Iterable[tuple[int, int, Network]]) -> None:
        self._starts: list[int] = []
        self._holders: list[Network | None] = []
        for start, holder in _flattened(ranges):
            self._starts.append(start)
            self._holders.append(holder)

    def find(self, number: int) -> Network | None:
        at = bisect_right(self._starts, number) - 1
        return self._holders[at] if at >= 0 else None


class Networks:
    """Which network an address belongs to."""

    def __init__(self, file: _File) -> None:
        self._file = file

    @property
    def date(self) -> date:
        """When the facts were gathered."""
        return self._file.date

    def find(self, address: Address) -> Network | None:
        """The network of an address; None for one that no range holds."""
        return self._tables[address.version].find(int(address))

    @cached_property
    def _tables(self) -> dict[int, _Table]:
        return {version: _Table(self._ranges(version)) for version in (4, 6)}

    def _ranges(self, version: int) -> Iterator[tuple[int, int, Network]]:
        for entry in self._file.networks:
            for one in entry.ranges:
                if one.version == version:
                    yield int(one.network_address), int(one.broadcast_address), Network(entry.name, entry.kind)


def _flattened(ranges: Iterable[tuple[int, int, Network]]) -> Iterator[tuple[int, Network | None]]:
    """Each place from which on another network holds the addresses, in order; the innermost range holds them.

    Two ranges of addresses never overlap by halves: one holds the other, or they lie apart.
    """
    around: list[tuple[int, Network]] = []
    for start, end, network in sorted(ranges, key=lambda one: (one[0], -one[1])):
        while around and around[-1][0] < start:
            last, _ = around.pop()
            yield last + 1, around[-1][1] if around else None
        yield start, network
        around.append((end, network))
    while around:
        last, _ = around.pop()
        yield last + 1, around[-1][1] if around else None


@lru_cache(maxsize=4)
def load(path: Path = SHIPPED) -> Networks:
    """Read a file of networks, once. Raises BadNetworks."""
    try:
        found = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
        return Networks(_File.model_validate(found))
    except OSError as error:
        raise BadNetworks(f"{path}: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        raise BadNetworks(f"{path}: this is no YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise BadNetworks(f"{path}: {where}: {first['msg']}, got {str(first['input'])[:60]!r}") from None


@lru_cache(maxsize=65_536)
def parsed(address: str) -> Address | None:
    """An address as a number that knows its version; IPv4 inside IPv6 is IPv4. None for what is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


@lru_cache(maxsize=65_536)
def truncated(address: str) -> str:
    """The network of an address as it is kept: 203.0.113.0/24, 2001:db8:1::/48; empty for what is no address."""
    found = parsed(address)
    if found is None:
        return ""
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network((found, bits), strict=False))
