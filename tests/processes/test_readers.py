"""An edition that says different things to different readers, killed again and again on its way through SendGrid."""

from __future__ import annotations

import json
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.processes.test_end_to_end import is_sent

pytestmark = pytest.mark.processes

PER_CALL = 7
POST = """---
title: A letter to each
---
Dear {{ reader.first_name | default("reader") }}, this is what happened.

{% if reader.fields.city == "Berlin" %}
The Spree has risen.
{% elif reader.fields.city %}
It rains in {{ reader.fields.city }}.
{% else %}
We do not know where you are.
{% endif %}
"""


class SendGrid:
    """What SendGrid's API does, as far as sending goes: it takes a call, and answers after a while."""

    def __init__(self, delay: float) -> None:
        self.calls: list[dict[str, Any]] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                calls.append(json.loads(body))
                time.sleep(delay)
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def counts(self) -> Counter[str]:
        """How many messages each address has got."""
        return Counter(one["to"][0]["email"] for call in list(self.calls) for one in call["personalizations"])

    def texts(self) -> Iterator[tuple[str, str]]:
        """Each address with the text that it got, filled as SendGrid fills it."""
        for call in self.calls:
            (plain,) = (part["value"] for part in call["content"] if part["type"] == "text/plain")
            for one in call["personalizations"]:
                text = plain
                for hole, value in one["substitutions"].items():
                    text = text.replace(hole, value)
                yield one["to"][0]["email"], text

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sendgrid() -> Iterator[SendGrid]:
    server = SendGrid(0.1)
    yield server
    server.close()


def test_kill_nine_among_conditions_loses_nobody_repeats_nobody_and_mixes_nothing_up(publication, sendgrid):
    settings = {"api_key": "SG.not-a-key", "host": sendgrid.url, "per_call": PER_CALL, "timeout": "30s"}
    publication.configure(
        send={"transport": "sendgrid", "sendgrid": settings, "lease": "5s", "batch": 50, "workers": 2},
        track={"clicks": False, "opens": False},
        newsletter={"layout": "post"},
    )
    publication.post("2026-11-01-letter.md", POST)
    cities = ["Berlin", "Bergen", "", "Bilbao"]
    people = {f"reader{number}@people.example.org": cities[number % 4] for number in range(160)}
    rows = "\n".join(f"{email},Ada Reader,{city}" for email, city in people.items())
    (publication.folder / "readers.csv").write_text(f"email,name,city\n{rows}\n", encoding="utf-8")

    kills, chance = 0, random.Random(5)
    for goal in (20, 55, 100):
        process = publication.start("run")
        publication.wait_for(lambda goal=goal: sum(sendgrid.counts.values()) >= goal, f"{goal} messages")
        time.sleep(chance.random() / 5)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        kills += 1
    publication.start("run")
    publication.wait_for(lambda: is_sent(publication), "the end")

    states = publication.facts("issues")[0]["messages"]
    uncertain = states.get("uncertain", 0)
    assert max(sendgrid.counts.values()) == 1, "somebody got two"
    assert states["submitted"] + uncertain == len(people)
    assert uncertain <= 2 * kills * PER_CALL, "one call for each of two connections and kill, at most"
    assert len(set(people) - set(sendgrid.counts)) <= uncertain, "somebody was lost without a word"
    for email, text in sendgrid.texts():
        city = people[email]
        said = {"Berlin": "The Spree has risen.", "": "We do not know where you are."}.get(city, f"It rains in {city}.")
        assert said in text, (email, city)
        assert "Dear Ada" in text
        assert len(re.findall("The Spree has risen|It rains in|We do not know", text)) == 1
