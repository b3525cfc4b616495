"""The JSON API: what other programs may ask of us."""

from newsletter.api.door import api

__all__ = ["api"]
