"""What a file, or the wish to import it, is refused with."""

from __future__ import annotations


class ImportRefused(ValueError):
    """The file as a whole cannot be read, or not in this way; the message says why and what to do."""
