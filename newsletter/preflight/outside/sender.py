"""The sender's domain: SPF, DKIM and DMARC, as far as name servers tell."""

from __future__ import annotations

from collections.abc import Iterator

import dns.exception
import dns.resolver
import idna

from newsletter import links
from newsletter.config import Config
from newsletter.config.schema import Sender
from newsletter.preflight.findings import Finding
from newsletter.preflight.outside.means import Means
from newsletter.preflight.places import is_reserved
from newsletter.preflight.proof import Proof

SECONDS = 4.0
"""For each question to the name servers."""
_WHERE = "the sender"


def domain(proof: Proof, means: Means) -> Iterator[Finding]:
    """Whether receivers can tell that we may send in its name."""
    yield from of_newsletter(proof.config, proof.issue.newsletter, proof.letter.sender, means)


def of_newsletter(config: Config, newsletter: str, sender: Sender, means: Means) -> Iterator[Finding]:
    """The same for a newsletter of which there need be no issue."""
    ours = domain_of(sender.address)
    back = domain_of(links.bounces_of(config, newsletter) or sender.address)
    if reserved := next((one for one in (ours, back) if is_reserved(one)), ""):
        yield Finding("sender-reserved", f"{reserved} is a name for examples and tests",
                      "send from a domain of your own, before anything goes to real people", _WHERE,
                      about=reserved)  # fmt: skip
        return
    try:
        yield from _spf(back, _texts(means, back))
        yield from _dmarc(means, ours)
        if sender.dkim_selector:
            yield from _dkim(means, f"{sender.dkim_selector}._domainkey.{ours}")
    except (dns.exception.DNSException, OSError) as error:
        said = "they did not answer in time" if isinstance(error, dns.exception.Timeout) else _said(error)
        yield Finding("sender-unknown", f"the name servers were asked about {ours}, and {said}",
                      "run the checks again later", _WHERE, about=ours)  # fmt: skip


def _spf(name: str, texts: list[str]) -> Iterator[Finding]:
    found = [one for one in texts if one.lower().split(" ")[0] == "v=spf1"]
    if not found:
        yield Finding("sender-spf", f"{name} has no SPF record", "publish one that names your relay or provider; they "
                      "say what it must hold", _WHERE, about=name)  # fmt: skip
    elif len(found) > 1:
        yield Finding("sender-spf", f"{name} has {len(found)} SPF records, which counts as none",
                      "make one record of them", _WHERE, about=name)  # fmt: skip
    elif found[0].lower().split()[-1:] == ["+all"]:
        yield Finding("sender-spf", f"the SPF record of {name} lets anybody send in its name (+all)",
                      "let it end in ~all or -all", _WHERE, about=name)  # fmt: skip


def _dmarc(means: Means, ours: str) -> Iterator[Finding]:
    """The record of the domain, or of the nearest one above it: no list of public suffixes is needed for that."""
    labels = ours.split(".")
    for at in range(max(1, len(labels) - 1)):
        name = ".".join(labels[at:])
        texts = _texts(means, f"_dmarc.{name}")
        if any(one.lower().replace(" ", "").startswith("v=dmarc1") for one in texts):
            return
    yield Finding("sender-dmarc", f"{ours} has no DMARC record",
                  f"publish one at _dmarc.{ours}; v=DMARC1; p=none is a beginning", _WHERE, about=ours)  # fmt: skip


def _dkim(means: Means, name: str) -> Iterator[Finding]:
    keys = [one.replace(" ", "") for one in _texts(means, name)]
    if not any("p=" in one for one in keys):
        yield Finding("sender-dkim", f"there is no DKIM key at {name}",
                      "publish the key that your relay or provider shows, or mend sender.dkim_selector", _WHERE,
                      about=name)  # fmt: skip
    elif all("p=;" in f"{one};" for one in keys):
        yield Finding("sender-dkim", f"the DKIM key at {name} has been withdrawn", "publish the new key, or name its "
                      "selector", _WHERE, about=name)  # fmt: skip


def _texts(means: Means, name: str) -> list[str]:
    """The TXT records of a name; none where there is no such name."""
    try:
        answer = means.resolver.resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(one.strings).decode("utf-8", "replace") for one in answer]


def domain_of(address: str) -> str:
    """The domain of an address as name servers know it."""
    name = address.rpartition("@")[2].lower()
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name


def _said(error: Exception) -> str:
    if isinstance(error, dns.resolver.NoResolverConfiguration):
        return "this machine knows none"
    return "none of them would answer"
