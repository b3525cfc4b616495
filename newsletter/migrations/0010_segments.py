"""Remember when people last opened and clicked, from what is known of it."""

from django.db import migrations
from django.db.models import Max, OuterRef, Subquery

_SLICE = 20_000


def remember(apps, schema_editor):
    people = apps.get_model("subscribers", "Subscriber").objects
    events = apps.get_model("newsletter", "Event").objects
    last = people.order_by("-pk").values_list("pk", flat=True).first() or 0
    for column, kind in (("opened_at", "open"), ("clicked_at", "click")):
        seen = events.filter(kind=kind, message__subscriber=OuterRef("pk")).order_by().values("message__subscriber")
        latest = Subquery(seen.annotate(latest=Max("at")).values("latest"))
        for first in range(1, last + 1, _SLICE):
            some = people.filter(pk__gte=first, pk__lt=first + _SLICE)
            known = events.filter(
                kind=kind, message__subscriber__gte=first, message__subscriber__lt=first + _SLICE
            ).values("message__subscriber")
            # Whoever has a time has it from reading since this release began to run.
            some.filter(**{f"{column}__isnull": True}, pk__in=known).update(**{column: latest})


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0009_summary"), ("subscribers", "0005_one_hash")]

    operations = [migrations.RunPython(remember, migrations.RunPython.noop, elidable=True)]
