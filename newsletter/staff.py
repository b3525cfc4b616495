"""Staff: whom the house writes to when an issue needs somebody."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from newsletter.config import Config

BACKEND = "django.contrib.auth.backends.ModelBackend"


def watchers(config: Config) -> list[str]:
    """The addresses of config.yaml, and those of staff who may change issues; each once."""
    staff = get_user_model().objects.with_perm("newsletter.change_issue", backend=BACKEND)
    addresses = staff.filter(is_staff=True).exclude(email="").values_list("email", flat=True)
    return sorted({*config.site.alerts, *addresses})
