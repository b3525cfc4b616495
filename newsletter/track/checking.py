"""What `newsletter check` finds wrong with how what comes back is measured."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.config import Config, Problem
from newsletter.track import sunset
from newsletter.track.judging.intake import networks_of
from newsletter.track.judging.networks import BadNetworks
from newsletter.track.mail import listener, mailboxes


def check(config: Config) -> list[Problem]:
    """Everything that keeps opens and clicks from being judged, what comes by mail from being read, or the sunset rule
    from being carried out."""
    found = [*sunset.check(config), *_mail(config)]
    try:
        networks_of(config)
    except BadNetworks as error:
        found.append(Problem("track.networks", str(error), hint="leave the key out to use the file that we ship"))
    return found


def _mail(config: Config) -> Iterator[Problem]:
    for name, settings in (("replies", config.track.replies.imap), ("bounces", config.track.bounces.imap)):
        if fault := mailboxes.fault(settings):
            yield Problem(f"track.{name}.imap", fault, hint="look at host, port, security, username and password")
    if fault := listener.fault(config):
        yield Problem("track.smtp.listen", fault, hint="ports below 1024 are for the administrator: 2525 is not")
