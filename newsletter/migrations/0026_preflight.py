import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('newsletter', '0025_editor'),
    ]

    operations = [
        migrations.CreateModel(
            name='LinkCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, help_text='SHA-256 of the address.', max_length=64, unique=True)),
                ('url', models.TextField()),
                ('outcome', models.CharField(choices=[('fine', 'Fine'), ('moved', 'moved for good'), ('broken', 'Broken'), ('refused', 'programs are not let in'), ('doubtful', 'no answer'), ('tls', 'bad certificate'), ('private', 'ends at a private address')], max_length=8)),
                ('status', models.PositiveSmallIntegerField(default=0, help_text='Of HTTP; 0 where there was no answer.')),
                ('leads_to', models.TextField(blank=True, help_text='Where redirects end, if there are any.')),
                ('fault', models.TextField(blank=True, help_text='What went wrong, in words.')),
                ('at', models.DateTimeField(db_index=True)),
            ],
            options={
                'ordering': ('-at',),
            },
        ),
        migrations.CreateModel(
            name='Preflight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='SHA-256 of what was looked at.', max_length=64)),
                ('wanted_at', models.DateTimeField(help_text='When it was asked for last.')),
                ('checked_at', models.DateTimeField(blank=True, help_text='When all but the links was looked at.', null=True)),
                ('done_at', models.DateTimeField(blank=True, help_text='When all was looked at.', null=True)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('findings', models.JSONField(default=list, help_text='Of the checks that ask nobody else.')),
                ('outside', models.JSONField(default=list, help_text='Of name servers, our site and spam filters.')),
                ('links', models.JSONField(default=list, help_text='What is linked to or shown: address, kind, place, item.')),
                ('looked', models.PositiveIntegerField(default=0, help_text='How many of the links have been looked at.')),
                ('edition', models.ForeignKey(blank=True, help_text='What was approved of it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='preflights', to='newsletter.edition')),
                ('issue', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='preflights', to='newsletter.issue')),
            ],
            options={
                'ordering': ('-wanted_at', '-pk'),
                'indexes': [models.Index(condition=models.Q(('done_at', None), ('done_at__lt', models.F('wanted_at')), _connector='OR'), fields=['wanted_at'], name='preflight_wanted')],
                'constraints': [models.UniqueConstraint(fields=('issue', 'digest'), name='one_preflight_per_content')],
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='SHA-256 of what it is about.', max_length=64)),
                ('blockers', models.JSONField(default=dict, help_text='What is overridden: the key of each blocker, and its words.')),
                ('reason', models.TextField()),
                ('by_name', models.CharField(help_text='Who it was, though they be staff no more.', max_length=150)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='newsletter.issue')),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'constraints': [models.UniqueConstraint(fields=('issue', 'digest', 'reason', 'by_name'), name='one_override_per_word')],
            },
        ),
    ]
