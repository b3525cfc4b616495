"""Payload: what a provider posted, or a mail that told of others, as it came and before anybody has understood it."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Collection
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.db.models import Q
from django.utils import timezone

log = logging.getLogger(__name__)

MAIL = "mail"
"""The source of what came by mail."""
FAULT = 300
"""Characters of what was wrong."""


class NotNow(Exception):
    """What is needed to understand it is not to be had; that is no fault of the payload's, and it goes on waiting."""


class Payload(models.Model):
    """What was brought, kept before the answer, so that whoever brought it may forget it."""

    source = models.CharField(max_length=20)
    received_at = models.DateTimeField()
    body = models.BinaryField(help_text="As it came, compressed by zlib; empty once it has served its time.")
    events = models.PositiveIntegerField(default=0, help_text="How many things it told.")
    taken = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How many of them were new, and of messages of ours."
    )
    done_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=FAULT, blank=True, default="", help_text="Why it could not be understood.")

    class Meta:
        verbose_name = "unclear mail"  # what the desk lists of it; what providers post has a name of its own below
        verbose_name_plural = "unclear mail"
        indexes = (
            models.Index(fields=("id",), name="payload_waiting", condition=Q(done_at=None)),
            models.Index(fields=("received_at",), name="payload_age"),
            models.Index(fields=("id",), name="payload_unread", condition=~Q(fault="")),
        )

    def __str__(self) -> str:
        return f"{self.source}, {timezone.localtime(self.received_at):%-d %b %Y, %H:%M:%S %Z}"

    @classmethod
    def keep(cls, source: str, data: bytes, now: datetime) -> Payload:
        """Write down what came."""
        return cls.objects.create(source=source, received_at=now, body=zlib.compress(data, 1))

    @property
    def data(self) -> bytes:
        """What came, byte for byte."""
        return zlib.decompress(bytes(self.body)) if self.body else b""

    def rewrite(self, data: bytes) -> None:
        """Let it say this instead: the same without somebody who was erased."""
        Payload.objects.filter(pk=self.pk).update(body=zlib.compress(data, 1))

    @classmethod
    def see_to(cls, understand: Callable[[Payload], int], now: datetime) -> bool:
        """Let the oldest that waits be understood, in one transaction with what it changes; say if there was one.

        `understand` returns how many things it told, and raises ValueError if it makes no sense: that is kept with it;
        or NotNow, which is raised from here too.
        Several may do so at once; each takes another one.
        """
        # Asked first: several look every second, and on SQLite each transaction is a writer's turn.
        if not cls.objects.filter(done_at=None).exists():
            return False
        skips = connection.features.has_select_for_update_skip_locked
        with transaction.atomic():
            waiting = cls.objects.filter(done_at=None).order_by("pk")
            one = (waiting.select_for_update(skip_locked=True) if skips else waiting).first()
            if one is None:
                return False
            try:
                # Apart: what a payload that makes no sense has changed before it was noticed is undone.
                with transaction.atomic():
                    one.events = understand(one)
            except (OperationalError, InterfaceError, NotNow):
                raise  # the database's fault, or the house's: it is seen to again
            except ValueError as error:
                one.fault = str(error)[:FAULT] or type(error).__name__
            except Exception as error:
                # A fault of ours: kept with it too, so that it does not keep the next ones waiting for ever.
                log.exception("%s cannot be understood", one)
                one.fault = f"{type(error).__name__}: {error}"[:FAULT]
            one.done_at = now
            one.save(update_fields=["events", "taken", "fault", "done_at"])
        return True

    @classmethod
    def not_understood(cls) -> models.QuerySet[Payload]:
        """Those that wait for staff to look at them."""
        return cls.objects.exclude(fault="")

    @classmethod
    def settle(cls, payloads: models.QuerySet[Payload]) -> int:
        """Call these done with; return how many were not. From here on they are kept no longer than others."""
        return cls.not_understood().filter(pk__in=payloads.values("pk")).update(fault="")

    @classmethod
    def wait_again(cls, payloads: models.QuerySet[Payload]) -> int:
        """Let those of these that were not understood be seen to once more, if they are still kept; return how many.

        After a fault of ours was mended, or a key was set right. Each thing told is taken once, so that what was
        understood of it before does not count again.
        """
        kept = cls.not_understood().filter(pk__in=payloads.values("pk")).exclude(body=b"")
        return kept.update(fault="", done_at=None)

    @classmethod
    def drop_bodies(cls, sources: Collection[str], before: datetime, faulty_before: datetime) -> int:
        """Drop what was seen to before a moment, but not that it came; what was not understood stays longer."""
        old = cls.objects.filter(source__in=sources, done_at__isnull=False).exclude(body=b"")
        over = Q(fault="", done_at__lt=before) | Q(done_at__lt=faulty_before)
        return old.filter(over, received_at__lt=before).update(body=b"")

    @classmethod
    def forget(cls, sources: Collection[str], before: datetime) -> int:
        """Forget that those of long ago came, which were seen to."""
        return cls.objects.filter(source__in=sources, done_at__lt=before, received_at__lt=before).delete()[0]


class Posted(Payload):
    """A payload that a provider posted, as the desk lists them apart from mail."""

    class Meta:
        proxy = True
        verbose_name = "webhook post"
