"""Whether the addresses that we listen on are free, told before anything else is done."""

from __future__ import annotations

import errno
import os
import socket

from waitress.adjustments import Adjustments

from newsletter.cli.console import Failure


def insist_on_address(listen: str, key: str = "site.listen") -> None:
    """Raise Failure unless a server can listen there; it is asked as the web server itself will ask.

    `key` is what config.yaml calls it.
    """
    for family, kind, protocol, address in Adjustments(listen=listen).listen:
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                # What the last run left half closed keeps nobody from listening.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
            except OSError as error:
                raise Failure(_refusal(listen, key, error)) from None


def _refusal(listen: str, key: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program listens on {listen}, the address of {key} (is `newsletter run` running already?)"
    return f"nothing can listen on {listen}, the address of {key}: {error.strerror}"
