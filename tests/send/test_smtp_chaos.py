"""SMTP: a server that misbehaves at random, and a ledger of who got what that is right all the same."""

import contextlib
import random
import re
from collections import Counter

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.transports import Heard, State, TransportDown
from newsletter.send.transports.smtp import manners
from tests.send.servers import CLOSE, DROP, MIDWAY, SmtpServer

BAD = {
    "CONNECT": [DROP, "421 busy", "554 no"],
    "EHLO": [DROP, "421 busy"],
    "MAIL": [DROP, CLOSE, "421 enough", "451 later", "503 what?", "nonsense"],
    "RCPT": [DROP, CLOSE, "421 not this", "450 later", "550 5.1.1 nobody", "503 what?", "nonsense", "250 a\r\n250 b"],
    "DATA": [DROP, CLOSE, "421 not now", "451 later", "554 no", "503 what?", MIDWAY, "354 go\r\n250 twice", "250 eh?"],
    "TEXT": [DROP, CLOSE, "421 closing", "451 later", "554 spam", "nonsense", "250 taken\r\n421 closing", "354 more"],
    "RSET": [DROP, "421 closing", "500 what?"],
}


class Chaotic(SmtpServer):
    """Does as it should but for a share of its answers. Where it gives none to a text, it may have taken it."""

    def __init__(self, chance: random.Random, share: float, offers: tuple[str, ...]) -> None:
        self.chance, self.share = chance, share
        super().__init__(offers=offers)

    def planned(self, step: str) -> str:
        if step in BAD and self.chance.random() < self.share:
            return self.chance.choice(BAD[step])
        return super().planned(step)

    def takes(self, answer: str) -> bool:
        silent = answer in (DROP, CLOSE, "nonsense", "354 more")
        return super().takes(answer) or (silent and self.chance.random() < 0.5)


def accepted_refs(server):
    return Counter(re.search(rb"\r\nMessage-ID: <(\d+)\.", text)[1].decode() for text in server.accepted)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_a_server_does_its_own_count_agrees_with_ours(transport_to, make_mailing, seed, mode):
    """As the ledger does: what was not begun is handed over again, what has an answer or was begun never is."""
    manners._KNOWN.clear()
    chance = random.Random(seed)
    server = Chaotic(chance, share=(0.01, 0.05, 0.15)[seed % 3], offers=("PIPELINING",))
    per_connection = chance.choice([3, 20, 1000])
    transport = transport_to(server.port, timeout="2s", pipelining=mode, messages_per_connection=per_connection)
    waiting = [Reader(str(n), f"r{n}@example.org", "", f"t{n}") for n in range(400)]
    answers: dict[str, State] = {}
    mailing = make_mailing()
    try:
        while waiting:
            journal = Heard()
            connections = server.connections
            with contextlib.suppress(TransportDown):
                transport.submit(mailing, waiting[:50], journal)
            lost = [one.ref for one in journal.outcomes if one.state == State.UNCERTAIN]
            assert len(lost) <= server.connections - connections + 1
            for outcome in journal.outcomes:
                assert outcome.ref not in answers
                answers[outcome.ref] = outcome.state
            assert set(journal.begun) <= set(answers)
            assert len(journal.begun) == len(set(journal.begun))
            waiting = [reader for reader in waiting if reader.ref not in answers]
    finally:
        transport.close()
        server.close()
    taken = accepted_refs(server)
    submitted = {ref for ref, state in answers.items() if state == State.SUBMITTED}
    uncertain = {ref for ref, state in answers.items() if state == State.UNCERTAIN}
    assert set(taken.values()) == {1}
    assert submitted <= set(taken) <= submitted | uncertain
