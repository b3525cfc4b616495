"""Whether the addresses that we listen on are free, told before anything else is done."""

from __future__ import annotations

import errno

from newsletter.cli.console import Failure
from newsletter.serving import listening


def insist_on_address(listen: str, key: str = "site.listen") -> None:
    """Raise Failure unless a server can listen there; it is asked as the web server itself will ask.

    `key` is what config.yaml calls it.
    """
    try:
        for one in listening(listen):
            one.close()
    except OSError as error:
        raise Failure(_refusal(listen, key, error)) from None


def _refusal(listen: str, key: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program listens on {listen}, the address of {key} (is `newsletter run` running already?)"
    return f"nothing can listen on {listen}, the address of {key}: {error.strerror}"
