"""Suppression: an address that must not be written to, whatever the lists say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import models


def hash_of(key: str) -> str:
    """What stands for an address that must not be kept: SHA-256 of its key, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


class Suppression(models.Model):
    """An address, or where it was erased only its hash, that must not be written to, whatever the lists say.

    Nobody whose address is known by its hash alone is a Subscriber: whoever adds people asks `held` first.
    """

    class Kind(models.TextChoices):
        """Why it is held."""

        BOUNCED = "bounced"
        COMPLAINED = "complained"
        ERASED = "erased"
        MANUAL = "manual"

    key = models.CharField(max_length=320, unique=True, null=True, blank=True, verbose_name="address")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MANUAL)
    reason = models.CharField(max_length=200, blank=True, help_text="In words, for whoever asks later.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.key or 'an erased address'} ({self.reason or self.kind})"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the hash beside the key."""
        if self.key:
            self.hash = hash_of(self.key)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @classmethod
    def held(cls, keys: Iterable[str]) -> dict[str, str]:
        """Those of the addresses that must not be written to, each with the kind of its suppression."""
        hashes = {hash_of(key): key for key in keys}
        found = cls.objects.filter(hash__in=hashes).values_list("hash", "kind")
        return {hashes[one]: kind for one, kind in found}

    @classmethod
    def release_erased(cls, key: str) -> bool:
        """Let an address that was erased be written to again; say whether it was one."""
        return bool(cls.objects.filter(hash=hash_of(key), kind=cls.Kind.ERASED).delete()[0])

    @classmethod
    def know_again(cls, key: str) -> bool:
        """Put the address back to a suppression of which an erasure left the hash, because its owner is here again."""
        return bool(cls.objects.filter(hash=hash_of(key), key=None).exclude(kind=cls.Kind.ERASED).update(key=key))
