"""An invented issue's readers and everything else that comes for it: hits, and what is true of the people behind them.

Nothing here knows how hits are judged. What people and programs do is drawn from the numbers of a Mix, the same each
time for the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from newsletter.bench.mix import Mix
from newsletter.track.hits import Hit

LINKS = 12
"""Links of the mail that people see; they are numbered from 1, and 0 is the one that nobody sees."""
UNSEEN = 0
HOUR = 3600.0
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36"
_BROWSERS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME}",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Edg/129.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML) Version/18.6 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 SamsungBrowser/26.0 Chrome/122.0 Safari/537.36",
)
_MAIL = {
    "apple": "Mozilla/5.0",
    "gmail": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "outlook": "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17928; ms-office)",
    "other": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.2.0",
}
_GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
_SCRIPTS = ("python-requests/2.32.3", "Go-http-client/2.0", "Barracuda Sentinel (EE)", "")
# Where the shipped file of networks says that they are; what people have at home stands in none of its ranges.
_RELAY = ("172.225.0.0/16", "104.28.0.0/16", "2a02:26f7::/32")
_GOOGLE = ("66.249.80.0/20", "74.125.208.0/20")
_RENTED = ("20.64.0.0/12", "52.160.0.0/12", "34.64.0.0/12", "3.64.0.0/12", "159.65.0.0/16", "2a01:4f8::/32")
_FILTERS = ("209.222.80.0/21", "148.163.128.0/18", "185.58.84.0/22")
_HOMES = ("81.0.0.0/10", "86.0.0.0/10", "2.0.0.0/11", "109.0.0.0/12", "2003:c0::/28")
_CARRIERS = "100.64.0.0/14"


@dataclass
class Truth:
    """What is true of the people; messages by number."""

    looked: set[int] = field(default_factory=set)
    """Somebody has looked at it."""
    shown: set[int] = field(default_factory=set)
    """Somebody has, and loaded its images by it: what can be known without a click."""
    ahead: set[int] = field(default_factory=set)
    """Its images were fetched ahead, so that they tell nothing."""
    clicked: set[int] = field(default_factory=set)
    clicks: set[tuple[int, int]] = field(default_factory=set)
    """Message and link."""

    @property
    def known(self) -> set[int]:
        """Looked at as far as anything can tell."""
        return self.shown | self.clicked


@dataclass(frozen=True)
class _Reader:
    message: int
    sent: float
    program: str
    home: str
    browser: str
    office: bool


class Crowd:
    """The hits for an issue that was sent at a moment, and the truth about them; `sent` is when each message went."""

    def __init__(self, mix: Mix, began: float) -> None:
        self.mix, self.truth = mix, Truth()
        self._chance = random.Random(f"{mix.name} {mix.seed}")  # noqa: S311 - nobody must not guess it
        self.sent = [began + number / mix.rate for number in range(mix.people)]
        self._carriers = [self._within((_CARRIERS,)) for _ in range(60)]
        self._gateways: dict[int, str] = {}
        self.hits = sorted(self._all(), key=lambda hit: hit.at)

    def _all(self) -> Iterator[Hit]:
        for number in range(self.mix.people):
            reader = self._reader(number)
            arrived = reader.sent + self._chance.expovariate(1 / 3)
            yield from self._ahead(reader, arrived)
            if self._is(self.mix.scanned):
                yield from self._scan(reader, arrived)
            if self._is(self.mix.apple_opened if reader.program == "apple" else self.mix.opened):
                yield from self._read(reader, arrived)

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _reader(self, number: int) -> _Reader:
        mix, chance = self.mix, self._chance
        program = chance.choices(
            tuple(_MAIL), (mix.apple, mix.gmail, mix.outlook, max(0.0, 1 - mix.apple - mix.gmail - mix.outlook))
        )[0]
        office = self._is(mix.offices)
        if office:
            home = self._gateway(chance.randrange(max(1, int(mix.people * mix.offices / mix.office))))
        elif self._is(mix.rented):
            home = self._within(_RENTED)
        else:
            home = chance.choice(self._carriers) if self._is(mix.carriers) else self._within(_HOMES)
        return _Reader(number, self.sent[number], program, home, chance.choice(_BROWSERS), office)

    def _gateway(self, office: int) -> str:
        return self._gateways.setdefault(office, self._within(_HOMES))

    def _ahead(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        """What mail services fetch before anybody looks."""
        if reader.program == "apple" and self._is(self.mix.fetched):
            self.truth.ahead.add(reader.message)
            yield self._open(reader, arrived + self._after(600, 2.0), _MAIL["apple"], self._within(_RELAY))
        elif reader.program == "gmail" and self._is(self.mix.gmail_ahead):
            yield self._open(reader, arrived + self._after(20, 1.0), _GMAIL_AHEAD, self._within(_GOOGLE))

    def _read(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        at = arrived + 2 + self._after(self.mix.hours * HOUR, 1.7)
        yield from self._look(reader, at)
        if self._is(self.mix.forwarded):
            friend = _Reader(reader.message, reader.sent, "gmail", self._within(_HOMES), _BROWSERS[2], False)
            yield from self._look(friend, at + self._after(5 * HOUR, 1.0))

    def _look(self, reader: _Reader, at: float) -> Iterator[Hit]:
        """Somebody looks at the mail, and may follow links."""
        self.truth.looked.add(reader.message)
        # Apple's program fetches an image once; whether it does so ahead or now, it comes through the same proxies.
        fetched = reader.program == "apple" and reader.message in self.truth.ahead
        if not fetched and (reader.program in ("apple", "gmail") or self._is(self.mix.images)):
            yield self._open(reader, at, _MAIL[reader.program], self._from(reader))
            if reader.program != "apple":
                self.truth.shown.add(reader.message)
        chance = self.mix.clicked
        while self._is(chance):
            at += 3 + self._after(25, 0.9)
            yield from self._follow(reader, at)
            chance = self.mix.more

    def _from(self, reader: _Reader) -> str:
        proxies = {"apple": _RELAY, "gmail": _GOOGLE}
        return self._within(proxies[reader.program]) if reader.program in proxies else reader.home

    def _follow(self, reader: _Reader, at: float) -> Iterator[Hit]:
        link = min(LINKS, 1 + int(self._chance.expovariate(0.35)))
        self.truth.clicked.add(reader.message)
        self.truth.clicks.add((reader.message, link))
        yield self._click(reader, at, link, reader.browser, reader.home)
        if self._is(self.mix.replayed):
            yield self._click(reader, at + self._after(20 * HOUR, 0.5), link, reader.browser, reader.home)
        if self._is(self.mix.shared):
            agent = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
            yield self._click(reader, at + self._after(300, 1.0), link, agent, self._within(_RENTED))

    # ── what checks mail ─────────────────────────────────────────────────────────────────────────────────────────────

    def _scan(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        way = self._chance.choices(tuple(self.mix.ways), tuple(self.mix.ways.values()))[0]
        return _SCANS[way](self, reader, arrived)

    def _burst(self, reader: _Reader, at: float, agent: str, address: str, **more: object) -> Iterator[Hit]:
        """All links in their order within seconds; some come from anywhere, some do not follow what is hidden."""
        step = self._chance.uniform(0.03, 0.6)
        for link in range(UNSEEN if more.get("unseen", True) else 1, LINKS + 1):
            yield self._click(reader, at, link, agent, address, str(more.get("method", "GET")))
            at += step * self._chance.uniform(0.5, 1.5)

    def _all_from_filter(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        return self._burst(reader, arrived + self._chance.uniform(-2, 8), _BROWSERS[0], self._within(_FILTERS))

    def _all_with_image(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        at, address = arrived + self._chance.uniform(0, 12), self._within(_RENTED)
        yield self._open(reader, at, _BROWSERS[0], address)
        yield from self._burst(reader, at + 0.5, _BROWSERS[0], address, unseen=self._is(0.5))

    def _all_by_head(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        agent = self._chance.choice(_SCRIPTS)
        return self._burst(reader, arrived + self._chance.uniform(0, 30), agent, self._within(_RENTED), method="HEAD")

    def _all_visible(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        """By a browser, from a network that nobody knows, and not the hidden link; some only minutes later."""
        at = arrived + self._chance.choice((self._chance.uniform(1, 20), self._after(400, 0.8)))
        return self._burst(reader, at, self._chance.choice(_BROWSERS), self._within(_HOMES), unseen=False)

    def _few_from_rented(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        at, address, agent = arrived + self._after(15, 0.7), self._within(_RENTED), self._chance.choice(_BROWSERS)
        if self._is(0.5):
            yield self._open(reader, at, agent, address)
        for link in self._chance.sample(range(1, LINKS + 1), self._chance.randint(1, 3)):
            at += self._chance.uniform(0.2, 3)
            yield self._click(reader, at, link, agent, address)

    def _one_at_gateway(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        """The filter of an office, or of a small provider, looks at one link; in an office by its people's address."""
        address = reader.home if reader.office else self._gateway(-1 - reader.message % 5)
        yield self._click(reader, arrived + self._chance.uniform(0.5, 40), 1, _BROWSERS[1], address)

    def _image_only(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        yield self._open(reader, arrived + self._after(8, 0.7), _BROWSERS[0], self._within(_RENTED))

    def _hidden_well(self, reader: _Reader, arrived: float) -> Iterator[Hit]:
        """As a person would: an image, then one link, after a while, from somebody's home. Nothing can tell it."""
        at, address = arrived + self._after(900, 1.0), self._within(_HOMES)
        yield self._open(reader, at, _BROWSERS[0], address)
        yield self._click(reader, at + self._after(15, 0.5), 1, _BROWSERS[0], address)

    # ── tools ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _is(self, share: float) -> bool:
        return self._chance.random() < share

    def _after(self, median: float, spread: float) -> float:
        """Seconds, log-normally spread around a median."""
        return median * self._chance.lognormvariate(0, spread)

    def _within(self, ranges: tuple[str, ...]) -> str:
        first, size = _PLACES[self._chance.choice(ranges)]
        return str(ip_address(first + self._chance.randrange(size)))

    @staticmethod
    def _open(reader: _Reader, at: float, agent: str, address: str) -> Hit:
        return Hit("open", reader.message, 0, at, "GET", agent, address)

    @staticmethod
    def _click(reader: _Reader, at: float, link: int, agent: str, address: str, method: str = "GET") -> Hit:
        return Hit("click", reader.message, link, at, method, agent, address)


_PLACES = {
    one: (int(ip_network(one).network_address), ip_network(one).num_addresses)
    for one in (*_RELAY, *_GOOGLE, *_RENTED, *_FILTERS, *_HOMES, _CARRIERS)
}
_SCANS: dict[str, Callable[[Crowd, _Reader, float], Iterator[Hit]]] = {
    "all, by a known filter": Crowd._all_from_filter,
    "all, with the image": Crowd._all_with_image,
    "all, by HEAD": Crowd._all_by_head,
    "all that are seen": Crowd._all_visible,
    "a few, from rented machines": Crowd._few_from_rented,
    "one, at an office's gateway": Crowd._one_at_gateway,
    "the image alone": Crowd._image_only,
    "like a person": Crowd._hidden_well,
}
