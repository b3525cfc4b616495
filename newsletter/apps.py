"""The Django application of the pipeline."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    """Collect, compose, render, send, track."""

    name = "newsletter"
    verbose_name = "Pipeline"
    default_auto_field = "django.db.models.BigAutoField"
