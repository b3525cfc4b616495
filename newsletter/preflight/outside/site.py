"""The certificate of our own site, to which most links of a mail lead."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from newsletter.config import Config
from newsletter.preflight.findings import Finding
from newsletter.preflight.outside.means import Means
from newsletter.preflight.proof import Proof

SOON = timedelta(days=14)
_WHERE = "our site"


def certificate(proof: Proof, means: Means) -> Iterator[Finding]:
    """Whether it is valid, and for how long yet."""
    if not proof.at_home:
        yield from of_site(proof.config, proof.now, means)


def of_site(config: Config, now: datetime, means: Means) -> Iterator[Finding]:
    """The same where there is no mail to look at; nothing of a site without https."""
    url = urlsplit(config.site.url)
    if url.scheme != "https" or not url.hostname:
        return
    try:
        until = means.ends(url.hostname, url.port or 443, config.compose.preflight.timeout.total_seconds())
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "it cannot be checked"
        yield Finding("site-tls", f"the certificate of {url.hostname} is not valid: {why}", "renew it", _WHERE)
    except OSError:
        yield Finding("site-tls", f"{url.hostname} could not be reached from here, so nobody knows its certificate",
                      "see whether the site answers", _WHERE, level="note")  # fmt: skip
    else:
        if until - now < SOON:
            yield Finding(
                "site-tls", f"the certificate of {url.hostname} ends on {until:%-d %B %Y}", "renew it", _WHERE
            )
