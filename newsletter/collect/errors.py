"""What can go wrong with one source, in sentences for the person who looks after it.

CollectError
├── UnknownSource     a name that config.yaml does not have
├── UnknownKind       a source whose kind nobody reads
├── FolderMissing     a folder that is not there
├── Unreachable       no answer: name, connection, certificate
│   ├── TooSlow       not within collect.timeout
│   └── Refused       an address that lies inside our own network
├── BadAnswer         an answer that is not the feed: its status, its redirects, its compression
│   └── TooBig        more than collect.max_bytes
├── NotAFeed          a web page, an empty body, something else
└── NotAPage          a PDF, a picture, a login, a page without a story: nothing that can be added by its address
"""


class CollectError(Exception):
    """A source could not be read; the text says why and what may help."""

    def __init__(self, reason: str, hint: str = "") -> None:
        self.reason, self.hint = reason, hint
        super().__init__(f"{reason} {hint}".strip())


class UnknownSource(CollectError):
    """config.yaml has no source of this name."""


class UnknownKind(CollectError):
    """No kind of source has this name."""


class FolderMissing(CollectError):
    """The folder of a source is not there."""


class Unreachable(CollectError):
    """No answer came from the feed's server."""


class TooSlow(Unreachable):
    """The whole answer did not come in time."""


class Refused(Unreachable):
    """The address lies inside our own network, and the source is not allowed to."""


class BadAnswer(CollectError):
    """The server answered, but not with the feed."""


class TooBig(BadAnswer):
    """The answer is larger than a feed may be."""


class NotAFeed(CollectError):
    """What came is not a feed."""


class NotAPage(CollectError):
    """What lies at an address is not a story that can be taken from it."""
