"""What others are asked: name servers, our own site, spam filters. Each is a function of the proof, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from newsletter.preflight.findings import Finding
from newsletter.preflight.outside import sender, site, spam
from newsletter.preflight.outside.means import Means
from newsletter.preflight.proof import Proof


class Question(NamedTuple):
    """A question to somebody else, and the codes that its answers may have."""

    ask: Callable[[Proof, Means], Iterator[Finding]]
    codes: tuple[str, ...]


QUESTIONS = (
    Question(sender.domain, ("sender-spf", "sender-dmarc", "sender-dkim", "sender-reserved", "sender-unknown")),
    Question(site.certificate, ("site-tls",)),
    Question(spam.rspamd, ("spam-score", "spam-unknown")),
    Question(spam.spamassassin, ("spam-score", "spam-unknown")),
)


def ask(proof: Proof, means: Means) -> list[Finding]:
    """What all of them have to say. A question that is not answered is a finding, not an error."""
    return [one for question in QUESTIONS for one in question.ask(proof, means)]


__all__ = ["QUESTIONS", "Means", "Question", "ask"]
