"""Static files, found once for all tests: every test has a client of its own, and each would look at all of them."""

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

_FOUND: dict[str, Any] = {}


class FoundOnce(WhiteNoiseMiddleware):
    """Serves what the first of its kind has found."""

    def add_files_from_finders(self) -> None:
        if not _FOUND:
            super().add_files_from_finders()
            _FOUND.update(self.files)
        self.files.update(_FOUND)
