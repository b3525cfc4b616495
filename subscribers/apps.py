"""The Django application of the audience."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SubscribersConfig(AppConfig):
    """Lists, people, consent: who may be written to, and why."""

    name = "subscribers"
    verbose_name = "Audience"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the index that people are found by seen to after each migration."""
        post_migrate.connect(_look_after_lookup, sender=self)


def _look_after_lookup(using: str, **others: Any) -> None:
    from subscribers import lookup

    lookup.ensure(using)
