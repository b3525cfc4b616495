import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STANDINGS = [('', 'undecided'), ('starred', 'Starred'), ('rejected', 'Rejected')]


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0023_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='post',
            options={'ordering': ('-published_at', '-pk'), 'permissions': (('triage_post', 'Can star, reject and add posts in the inbox'),)},
        ),
        migrations.AddField(
            model_name='post',
            name='likeness',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='By which the same title is found in other sources; empty where a title says too little.', max_length=64),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(fields=['likeness', 'published_at'], name='post_likeness'),
        ),
        migrations.CreateModel(
            name='Triage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.SlugField(db_index=False, max_length=63)),
                ('standing', models.CharField(blank=True, choices=STANDINGS, default='', max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField(blank=True, help_text='When the verdict was given.', null=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('added_at', models.DateTimeField(blank=True, help_text='When an editor brought it in for this newsletter.', null=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='triages', to='newsletter.post')),
            ],
            options={
                'verbose_name_plural': 'triage',
                'indexes': [models.Index(fields=['newsletter', 'standing', 'at'], name='triage_standing')],
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'post'), name='one_triage_per_newsletter')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.UUIDField(db_index=True)),
                ('newsletter', models.SlugField(db_index=False, max_length=63)),
                ('was', models.CharField(blank=True, choices=STANDINGS, default='', max_length=8)),
                ('was_reason', models.TextField(blank=True)),
                ('was_at', models.DateTimeField(blank=True, null=True)),
                ('became', models.CharField(blank=True, choices=STANDINGS, default='', max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='newsletter.post')),
                ('was_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-pk'),
            },
        ),
    ]
