"""What a spam filter thinks of the mail: rspamd by HTTP, SpamAssassin by the protocol of spamd. Advice, no more."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator

import httpx

from newsletter.preflight.findings import Finding
from newsletter.preflight.outside.means import Means
from newsletter.preflight.proof import Proof
from newsletter.send import Reader
from newsletter.send.mailing import Mailing
from newsletter.send.mime import build

NAMED = 4
"""Reasons that are named."""
_SPAM = re.compile(r"Spam:\s*(?:True|False|Yes|No)\s*;\s*(-?\d+(?:\.\d+)?)\s*/\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_MOST = 100_000
_WHERE = "the whole message"


def rspamd(proof: Proof, means: Means) -> Iterator[Finding]:
    """Ask an rspamd, if config.yaml names one."""
    settings = proof.config.compose.preflight
    if settings.rspamd.url is None:
        return
    password = settings.rspamd.password
    headers = {"Password": password.get_secret_value()} if password else {}
    try:
        with httpx.Client(timeout=settings.timeout.total_seconds(), trust_env=False) as client:
            answer = client.post(f"{settings.rspamd.url}/checkv2", content=message(proof), headers=headers)
            answer.raise_for_status()
            told = answer.json()
            score, limit = float(told["score"]), float(told["required_score"])
            reasons = _reasons(told.get("symbols") or {})
            action = str(told.get("action", "no action"))
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield _unknown("rspamd", error)
        return
    if action not in ("no action", "greylist") or score >= settings.spam_score:
        yield _score("rspamd", score, limit, reasons, f", and would say “{action}”" if action != "no action" else "")


def spamassassin(proof: Proof, means: Means) -> Iterator[Finding]:
    """Ask a SpamAssassin likewise."""
    settings = proof.config.compose.preflight
    if settings.spamassassin.address is None:
        return
    host, _, port = settings.spamassassin.address.rpartition(":")
    try:
        told = _spamd(host.strip("[]") or "127.0.0.1", int(port), message(proof), settings.timeout.total_seconds())
        head, _, body = told.partition("\r\n\r\n")
        found = _SPAM.search(head)
        if not head.startswith("SPAMD/") or found is None:
            raise ValueError("this is no answer of spamd")
    except (OSError, ValueError) as error:
        yield _unknown("SpamAssassin", error)
        return
    score, limit = float(found[1]), float(found[2])
    if score >= min(settings.spam_score, limit):
        yield _score("SpamAssassin", score, limit, [one.strip() for one in body.split(",") if one.strip()][:NAMED])


def message(proof: Proof) -> bytes:
    """The message as a reader of no account would get it; its links record nothing."""
    mailing = Mailing(
        proof.config, proof.issue.newsletter, proof.issue.slug, proof.marker, proof.digest, proof.raw["subject"],
        proof.raw["html"], proof.raw["text"], proof.late,
    )  # fmt: skip
    return build(mailing, Reader("preflight", f"reader@{mailing.domain}", "Robin Reader", "preflight"), proof.now)


def _spamd(host: str, port: int, mail: bytes, seconds: float) -> str:
    """One question and its whole answer; the protocol is a line, headers and the message, like HTTP."""
    head = f"SYMBOLS SPAMC/1.5\r\nContent-length: {len(mail)}\r\n\r\n"
    with socket.create_connection((host, port), timeout=seconds) as way:
        way.sendall(head.encode() + mail)
        way.shutdown(socket.SHUT_WR)
        told = b""
        while len(told) < _MOST and (piece := way.recv(65_536)):
            told += piece
    return told.decode("utf-8", "replace")


def _reasons(symbols: dict[str, dict[str, object]]) -> list[str]:
    """The rules that weigh most, each with its words."""
    scored = [(float(str(one.get("score", 0))), name, one) for name, one in symbols.items()]
    gravest = sorted((one for one in scored if one[0] > 0), key=lambda one: -one[0])[:NAMED]
    return [f"{name} ({one.get('description') or f'{score:g}'})" for score, name, one in gravest]


def _score(who: str, score: float, limit: float, reasons: Iterable[str], more: str = "") -> Finding:
    named = ", ".join(reasons)
    because = f"; most for {named}" if named else ""
    return Finding("spam-score", f"{who} gives it {score:g} of {limit:g}{more}{because}",
                   "see what the rules complain about; a word, a link, or the sender’s DNS", _WHERE,
                   about=who)  # fmt: skip


def _unknown(who: str, error: Exception) -> Finding:
    refused = isinstance(error, httpx.HTTPStatusError)
    said = f"it answered {error.response.status_code}" if refused else "it did not answer as it should"  # type: ignore[attr-defined]
    return Finding("spam-unknown", f"{who} was asked, and {said}", "see whether it runs, and its address and password "
                   "in config.yaml", _WHERE, about=who)  # fmt: skip
