import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0024_inbox'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='issue',
            name='version',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, help_text='Counts its edits.'),
        ),
        migrations.AddField(
            model_name='item',
            name='own',
            field=models.CharField(blank=True, db_default='', default='', help_text='Names of the fields the editor wrote anew.', max_length=200),
        ),
        migrations.AddField(
            model_name='item',
            name='pinned',
            field=models.BooleanField(db_default=False, default=False, help_text='It stands first in its section.'),
        ),
        migrations.CreateModel(
            name='OwnBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, help_text='A form that is sent twice makes one block.', unique=True)),
                ('position', models.PositiveIntegerField()),
                ('section', models.CharField(blank=True, max_length=200)),
                ('section_emoji', models.CharField(blank=True, max_length=50)),
                ('pinned', models.BooleanField(default=False, help_text='It stands first in its section.')),
                ('text', models.TextField(help_text='Markdown. It may speak to each reader, as the letter may.')),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='own_blocks', to='newsletter.issue')),
            ],
            options={
                'ordering': ('position', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='The beginning of SHA-256 of its bytes, in hex.', max_length=32, unique=True)),
                ('kind', models.CharField(help_text='As its name ends: png, jpg or gif.', max_length=4)),
                ('width', models.PositiveIntegerField(help_text='In pixels.')),
                ('height', models.PositiveIntegerField(help_text='In pixels.')),
                ('data', models.BinaryField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text="The issue's version that this is.")),
                ('at', models.DateTimeField()),
                ('begun_at', models.DateTimeField()),
                ('about', models.CharField(blank=True, help_text='The form that it was typed into.', max_length=60)),
                ('what', models.TextField(help_text='What changed, one line a change.')),
                ('state', models.JSONField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='newsletter.issue')),
            ],
            options={
                'ordering': ('-number',),
                'constraints': [models.UniqueConstraint(fields=('issue', 'number'), name='one_revision_per_version')],
            },
        ),
        migrations.CreateModel(
            name='SetAside',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='The post, or the block, that it is.', max_length=60)),
                ('kept', models.JSONField()),
                ('position', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='set_aside', to='newsletter.issue')),
            ],
            options={
                'verbose_name_plural': 'set aside',
                'ordering': ('-at', '-pk'),
                'constraints': [models.UniqueConstraint(fields=('issue', 'key'), name='set_aside_once')],
            },
        ),
        migrations.CreateModel(
            name='Opened',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True)),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='newsletter.issue')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'opened',
                'constraints': [models.UniqueConstraint(fields=('issue', 'user'), name='opened_once')],
            },
        ),
    ]
