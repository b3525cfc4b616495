"""Whether the web server's address is free, told before anything else is done."""

from __future__ import annotations

import errno

from newsletter.cli.console import Failure
from newsletter.serving import listening


def insist_on_address(listen: str) -> None:
    """Raise Failure unless the web server can listen there; it is asked as the server itself will ask."""
    try:
        for one in listening(listen):
            one.close()
    except OSError as error:
        raise Failure(_refusal(listen, error)) from None


def _refusal(listen: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program listens on {listen}, the address of site.listen (is `newsletter run` running already?)"
    return f"the web server cannot listen on {listen}, the address of site.listen: {error.strerror}"
