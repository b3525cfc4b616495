"""The Django application of the staff screens."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Registers the admin pages and the staff's own pages."""

    name = "newsletter.desk"
    label = "desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        """Begin to write down who signs in."""
        from newsletter.desk.signing import log  # noqa: F401
