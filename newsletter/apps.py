"""The Django application of the pipeline."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class NewsletterConfig(AppConfig):
    """Collect, compose, render, send, track."""

    name = "newsletter"
    verbose_name = "Pipeline"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the audience what can be asked about issues, and what else is kept of people; all tables are known."""
        from newsletter import own_data, roles  # noqa: F401
        from newsletter.models.activity import register_kinds

        register_kinds()
        # After this app's own tables: by then Django has made the permissions of all that come before it, too.
        post_migrate.connect(lambda **_: roles.agree(), sender=self, weak=False, dispatch_uid="roles")
