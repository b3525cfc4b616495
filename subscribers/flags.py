"""What kind of address it is: of a role that many people fill, or thrown away after a day."""

from __future__ import annotations

from functools import cache

from subscribers.models import Subscriber

# RFC 2142's, and those that companies have; several people read them, and none of them asked for anything.
_WORDS = """
abuse accounting accounts admin administrator all billing bounce bounces compliance contact customerservice devnull
dns enquiries everyone ftp help helpdesk hostmaster hr info inquiries investorrelations ispfeedback ispsupport it jobs
legal list list-request maildaemon mailer-daemon marketing media moderator news no-reply noc noemail noreply null
office orders phish phishing post postbox postmaster press privacy registrar remove root sales security service spam
staff subscribe support sysadmin tech undisclosed-recipients unsubscribe usenet uucp webmaster www kontakt buero
empfang rechnung verwaltung vertrieb bestellung datenschutz contacto ventas ufficio vendite
"""
_ROLES = frozenset(_WORDS.split())


def flag_of(key: str) -> str:
    """The flag of an address, given by its key: one of Subscriber.Flag."""
    local, _, domain = key.rpartition("@")
    if is_disposable(domain):
        return Subscriber.Flag.DISPOSABLE.value
    return Subscriber.Flag.ROLE.value if is_role(local) else Subscriber.Flag.NONE.value


def is_role(local: str) -> bool:
    """Whether what stands before the @, in small letters, is a role; `sales+de` is one too."""
    return local.partition("+")[0] in _ROLES


def is_disposable(domain: str) -> bool:
    """Whether a domain, in its ASCII form, or one that it belongs to, gives addresses away for a day."""
    known = _disposable()
    while "." in domain:
        if domain in known:
            return True
        domain = domain.partition(".")[2]
    return False


@cache
def _disposable() -> frozenset[str]:
    from disposable_email_domains import blocklist  # ten thousand names that many commands never ask for

    return frozenset(blocklist)
