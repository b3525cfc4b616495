import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("newsletter", "0030_trials"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='issue',
            name='stopped_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When a person sent it back, took it off the schedule or paused it: it goes on by a person alone.', null=True),
        ),
        migrations.AddField(
            model_name='issue',
            name='stopped_by',
            field=models.ForeignKey(blank=True, editable=False, help_text='Who did; nobody where it was the command line.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
