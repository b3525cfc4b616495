"""Suppression: an address that must not be written to, whatever the lists say."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable

import idna
from django.db import models

MD5 = "md5:"
"""What an MD5 begins with in the column of hashes."""


def hash_of(key: str) -> str:
    """What stands for an address that must not be kept: SHA-256 of its key, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def md5s_of(key: str) -> list[str]:
    """What other programs' lists hold of an address: MD5 of it in small letters, its domain in either form."""
    local, _, domain = key.rpartition("@")
    spellings = [key]
    if "xn--" in domain:
        with contextlib.suppress(idna.IDNAError):
            spellings.append(f"{local}@{idna.decode(domain)}")
    return [f"{MD5}{hashlib.md5(one.encode(), usedforsecurity=False).hexdigest()}" for one in spellings]


def fingerprints(key: str) -> list[str]:
    """Every hash by which an address may be held."""
    return [hash_of(key), *md5s_of(key)]


class Suppression(models.Model):
    """An address, or where it was erased only its hash, that must not be written to, whatever the lists say.

    `hash` is the SHA-256 of the key, or `md5:` and an MD5 while that is all we were given: whoever meets the address
    lets `know_again` put both right.

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
        hashes = {one: key for key in keys for one in fingerprints(key)}
        # By the SHA-256 where there are both: it sorts first, and is put in last.
        found = cls.objects.filter(hash__in=hashes).order_by("-hash").values_list("hash", "kind")
        return {hashes[one]: kind for one, kind in found}

    @classmethod
    def has_md5s(cls) -> bool:
        """Whether there is any of which we know nothing but an MD5."""
        return cls.objects.filter(key=None, hash__startswith=MD5).exists()

    @classmethod
    def release_erased(cls, key: str) -> bool:
        """Let an address that was erased be written to again; say whether it was one."""
        gone = cls.objects.filter(hash__in=fingerprints(key), kind=cls.Kind.ERASED).delete()[0]
        if gone:  # what else is held of it can have the hash now
            cls.objects.filter(key=key).update(hash=hash_of(key))
        return bool(gone)

    @classmethod
    def know_again(cls, key: str) -> bool:
        """Put the address to a suppression of which there is but a hash, because somebody has this address here."""
        nameless = cls.objects.filter(hash__in=fingerprints(key), key=None).exclude(kind=cls.Kind.ERASED)
        found = nameless.order_by("hash").values_list("pk", flat=True).first()
        if found is None or cls.objects.filter(key=key).exists():
            return False
        # One row of each address: what else was held of it under an MD5 says nothing more.
        nameless.exclude(pk=found).delete()
        named = {"key": key}
        # An erasure may hold that hash, until `release_erased` takes it away.
        if not cls.objects.filter(hash=hash_of(key)).exclude(pk=found).exists():
            named["hash"] = hash_of(key)
        return bool(cls.objects.filter(pk=found).update(**named))
