"""A publication's first steps: its database, its lists, its first member of staff."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction

from newsletter.config import Config
from newsletter.lists import row_of
from newsletter.models import deeds
from newsletter.staff import people
from subscribers.importing import Report, import_file
from subscribers.models import List

FIRST_USER = "editor"


def migrate() -> None:
    """Bring the database up to date."""
    call_command("migrate", interactive=False, verbosity=0)


def seed_lists(config: Config, now: datetime) -> dict[str, Report]:
    """Make the lists that config.yaml names; read the seed file of each that is new. Later runs change nothing."""
    reports = {}
    for newsletter in config.newsletters.values():
        for ref in newsletter.lists:
            with transaction.atomic():
                made = row_of(config, ref)
                made = List.objects.select_for_update().get(pk=made.pk)
                if ref.seed and not made.seeded_at:
                    reports[ref.name] = import_file(config.path(ref.seed), made, now)
                    List.objects.filter(pk=made.pk).update(seeded_at=now)
    return reports


def first_user() -> str | None:
    """Make a first member of staff, with every right; return the password, or nothing if there is somebody already."""
    users = get_user_model()
    if people().exists():
        return None
    password = secrets.token_urlsafe(12)
    # No address: what we could make up belongs to nobody, or to somebody else. *You* at the desk asks for one.
    users.objects.create_superuser(FIRST_USER, "", password)
    return password


def reset_password(name: str) -> str:
    """Give a member of staff a new password, made here, and return it; the user is made if there is none."""
    users = get_user_model()
    password = secrets.token_urlsafe(12)
    user = users.objects.filter(username=name).first()
    if user is None:
        user = users.objects.create_superuser(name, "", password)
    else:
        user.set_password(password)
        user.save(update_fields=["password"])
    deeds.say(user, "given a new password on the command line")
    return password
