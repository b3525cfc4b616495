"""The Django application of the audience."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class SubscribersConfig(AppConfig):
    """Lists, people, consent: who may be written to, and why."""

    name = "subscribers"
    verbose_name = "Audience"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the numbers of rows, and the index that people are found by, seen to around each migration."""
        pre_migrate.connect(_before, sender=self)
        post_migrate.connect(_after, sender=self)


def _before(using: str, **others: Any) -> None:
    from subscribers import numbers

    numbers.remember(using)


def _after(using: str, **others: Any) -> None:
    from subscribers import lookup, numbers

    numbers.restore(using)
    lookup.ensure(using)
