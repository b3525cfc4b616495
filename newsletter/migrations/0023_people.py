import django.db.models.deletion
from django.conf import settings
from django.core.management import call_command
from django.db import migrations, models


def make_cache(apps, schema_editor):
    """The table of Django's cache, in which tries to sign in are counted for all processes alike."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('newsletter', '0022_rollups'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='issue',
            options={'ordering': ('-due_at', '-pk'), 'permissions': (('approve_issue', 'Can approve issues'), ('send_issue', 'Can schedule, send, pause, resume and cancel issues'))},
        ),
        migrations.AlterModelOptions(
            name='post',
            options={'ordering': ('-published_at', '-pk'), 'permissions': (('triage_post', 'Can star, reject and add posts in the inbox'),)},
        ),
        migrations.AddField(
            model_name='issue',
            name='edited_by',
            field=models.ForeignKey(blank=True, editable=False, help_text='Who edited it last.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='errand',
            name='kind',
            field=models.CharField(choices=[('sign_up', 'sign-up'), ('sign_in', 'sign-in'), ('own_data', 'own data'), ('news', 'news for staff')], max_length=8),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('confirm', 'Confirm'), ('welcome', 'Welcome'), ('goodbye', 'Goodbye'), ('preferences', 'Preferences'), ('sign_in', 'sign-in'), ('answer', 'Answer'), ('data', 'data to download'), ('erase', 'erasure to confirm'), ('win_back', 'win-back'), ('draft_ready', 'draft ready'), ('report', 'Report'), ('alarm', 'sending stopped'), ('warning', 'something to look at'), ('news', 'news of an issue'), ('account', 'about a sign-in of staff')], max_length=12),
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.SlugField(max_length=63)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='auth.group', verbose_name='role')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('newsletter', 'group__name'),
                'constraints': [models.UniqueConstraint(fields=('user', 'group', 'newsletter'), name='one_role_per_newsletter')],
            },
        ),
        migrations.CreateModel(
            name='Wish',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('news', models.CharField(max_length=20)),
                ('wanted', models.BooleanField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wishes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'wishes',
                'constraints': [models.UniqueConstraint(fields=('user', 'news'), name='one_wish_per_news')],
            },
        ),
        migrations.RunPython(make_cache, migrations.RunPython.noop),
    ]
