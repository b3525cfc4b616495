"""Let the kind of a custom field be changed in pieces."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0008_import'),
    ]

    operations = [
        migrations.AddField(
            model_name='field',
            name='becoming',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='The kind that its values are being changed to, or “removed”.', max_length=7),
        ),
        migrations.AddField(
            model_name='field',
            name='reached',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, help_text='The last person seen to.'),
        ),
    ]
