"""Fill in what the columns of 0003 can tell of rows that were there before."""

import hashlib
import re

from django.db import migrations
from django.db.models import F


def fill_in(apps, schema_editor):
    Subscriber = apps.get_model("subscribers", "Subscriber")
    Subscription = apps.get_model("subscribers", "Subscription")
    Suppression = apps.get_model("subscribers", "Suppression")
    Field = apps.get_model("subscribers", "Field")
    names, people = set(), []
    for person in Subscriber.objects.only("key", "fields").order_by("pk").iterator(2000):
        person.domain = person.key.rpartition("@")[2][:255]
        names.update(person.fields)
        people.append(person)
        if len(people) == 2000:
            Subscriber.objects.bulk_update(people, ["domain"])
            people = []
    Subscriber.objects.bulk_update(people, ["domain"], batch_size=500)
    Subscription.objects.filter(status="active").update(joined_at=F("changed_at"))
    for held in Suppression.objects.iterator(2000):
        held.hash = hashlib.sha256(held.key.encode()).hexdigest()
        held.kind = held.reason if held.reason in ("bounced", "complained", "erased") else "manual"
        held.save(update_fields=["hash", "kind"])
    known = [name for name in sorted(names) if re.fullmatch(r"[a-z0-9_]{1,63}", name)]
    Field.objects.bulk_create([Field(name=name) for name in known], ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ("subscribers", "0003_audience"),
    ]

    operations = [
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
