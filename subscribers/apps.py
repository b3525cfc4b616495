"""The Django application of the audience."""

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """Lists, people, consent: who may be written to, and why."""

    name = "subscribers"
    verbose_name = "Audience"
    default_auto_field = "django.db.models.BigAutoField"
