"""Which mails nobody wrote: automatic answers, bounces, list mail, and our own coming back.

RFC 3834 says how an automatic answer is marked; many programs have marks of their own, and some have only a subject.
That alone is not enough to drop what a person may have written: it is held.
"""

from __future__ import annotations

import re

from newsletter.config import Config
from newsletter.models import Rejected
from newsletter.track.replies.incoming import Incoming

Why = Rejected.Why

_BULK = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_MARKS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-AutoReply-From", "X-Mail-Autoreply")
_DAEMONS = re.compile(r"(mailer-daemon|postmaster)(@|$)", re.IGNORECASE)
_AWAY = re.compile(
    r"""out\ of\ (the\ )?office | auto(matic|mated)?[\s:-]*(reply|response|answer) | away\ from\ (the|my)\ (office|desk)
    | on\ (annual\ leave|vacation|holiday) | abwesen(d|heit) | automatische\ antwort | nicht\ im\ (büro|hause)
    | absen(ce|t|te)\ du\ bureau | réponse\ automatique
    | fuera\ de\ la\ oficina | respuesta\ automática | ausencia | risposta\ automatica | fuori\ (sede|ufficio)
    | resposta\ automática | fora\ do\ escritório | ausência | automatisch\ antwoord | afwezig(heid)? | niet\ aanwezig
    | autosvar | frånvaro | fravær | poissa | automaattinen\ vastaus | automatyczna\ odpowiedź | nieobecność
    | automatická\ odpověď | автоответ | отсутстви | отпуск | 自動(返信|応答) | 不在 | 自动(回复|答复) | 外出
    | 자동\ ?(회신|응답) | 부재중""",
    re.IGNORECASE | re.VERBOSE,
)


def looks_away(incoming: Incoming) -> bool:
    """Whether the subject reads like that of an out-of-office message."""
    return bool(_AWAY.search(incoming.header("Subject")))


def is_our_own(incoming: Incoming, config: Config) -> bool:
    """Whether it is mail of ours that has come back."""
    return _looped(incoming, config) is not None


def mark_of_program(incoming: Incoming) -> str:
    """The mark by which a mail says that a program sent it by itself; empty if it bears none."""
    found = _automatic(incoming)
    return found[1] if found else ""


def is_from_daemon(incoming: Incoming) -> bool:
    """Whether a mail server wrote it, by what it calls itself."""
    said = (incoming.sender[1], incoming.envelope_from or "")
    return any(_DAEMONS.match(one) for one in said) or bool(incoming.headers.get("X-Failed-Recipients"))


def has_empty_return_path(incoming: Incoming) -> bool:
    """Whether nobody is to be told if it does not arrive, as with bounces and many automatic answers."""
    empty = [value for value in incoming.headers.get_all("Return-Path", []) if str(value).strip() in ("<>", "")]
    return bool(empty) or incoming.envelope_from in ("", "<>")


def is_report(incoming: Incoming) -> bool:
    """Whether it says of itself that it is a report for programs, even if the report is missing."""
    kind = incoming.headers.get_content_type()
    return kind == "multipart/report" or "report-type" in incoming.header("Content-Type").lower()


def nobody_wrote(incoming: Incoming, config: Config) -> tuple[Why, str] | None:
    """Why this is no person's reply, with the mark that says so; None if a person may have written it."""
    found = _looped(incoming, config) or _bounced(incoming) or _automatic(incoming)
    # Of programs that answer for people, most leave it empty too.
    empty = (Why.BOUNCE, "its return path is empty") if has_empty_return_path(incoming) else None
    return found or empty or _listed(incoming)


def _looped(incoming: Incoming, config: Config) -> tuple[Why, str] | None:
    senders = {letter.sender.address.lower() for letter in config.newsletters.values()}
    mailboxes = {(letter.replies.address or "").lower() for letter in config.newsletters.values()} - {""}
    sender = incoming.sender[1].lower()
    if sender in senders or _without_tag(sender) in mailboxes:
        return Why.LOOP, f"From is our own address {sender}"
    if any(_is_ours(identity, config) for identity in incoming.every("Message-ID")):
        return Why.LOOP, "the Message-ID is one of our own"
    if loops := {_without_tag(value.lower()) for value in incoming.every("X-Loop")} & (mailboxes | senders):
        return Why.LOOP, f"X-Loop names {loops.pop()}"
    return None


def _is_ours(identity: str, config: Config) -> bool:
    """Whether a Message-ID has the form that ours have; staff who write from our domain have others."""
    found = re.fullmatch(r"<?[\w-]+\.([a-z0-9-]+)\.[a-z0-9-]+@([^\s<>]+?)>?", identity.strip())
    letter = config.newsletters.get(found[1]) if found else None
    return bool(found and letter and letter.sender.address.rpartition("@")[2].lower() == found[2].lower())


def _bounced(incoming: Incoming) -> tuple[Why, str] | None:
    if is_report(incoming):
        return Why.BOUNCE, "it is a delivery report"
    if not is_from_daemon(incoming):
        return None
    named = incoming.headers.get("X-Failed-Recipients")
    return Why.BOUNCE, "it names failed recipients" if named else f"it comes from {incoming.sender[1]}"


def _automatic(incoming: Incoming) -> tuple[Why, str] | None:
    submitted = incoming.header("Auto-Submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return Why.AUTOMATIC, f"Auto-Submitted: {submitted}"
    for name in _MARKS:
        if (value := incoming.headers.get(name)) is not None and str(value).strip().lower() not in ("no", "false"):
            return Why.AUTOMATIC, f"{name} is set"
    suppressed = incoming.header("X-Auto-Response-Suppress").lower()
    if suppressed and suppressed != "none":
        return Why.AUTOMATIC, f"X-Auto-Response-Suppress: {suppressed}"
    precedence = incoming.header("Precedence").lower()
    return (Why.AUTOMATIC, f"Precedence: {precedence}") if precedence in _BULK else None


def _listed(incoming: Incoming) -> tuple[Why, str] | None:
    for name in ("List-Id", "List-Unsubscribe", "Feedback-ID"):
        if incoming.headers.get(name):
            return Why.LIST, f"{name} is set"
    return None


def _without_tag(address: str) -> str:
    local, _, domain = address.strip("<> ").rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
