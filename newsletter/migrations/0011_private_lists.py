"""Further lists of a newsletter stay what they were: for those whom staff put there."""

from django.db import migrations


def keep_private(apps, schema_editor):
    from newsletter.settings import current

    first = {letter.lists[0].name for letter in current().newsletters.values()}
    apps.get_model("subscribers", "List").objects.exclude(name__in=first).update(public=False)


class Migration(migrations.Migration):

    dependencies = [
        ("newsletter", "0010_segments"),
        ("subscribers", "0010_lean"),
    ]

    operations = [
        migrations.RunPython(keep_private, migrations.RunPython.noop),
    ]
