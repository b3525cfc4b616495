from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0018_signs")]

    operations = [
        migrations.CreateModel(
            name="Spooled",
            fields=[
                ("name", models.CharField(help_text="The file's name, which no other file has.", max_length=60, primary_key=True, serialize=False)),
                ("offset", models.BigIntegerField(default=0, help_text="Bytes of it that have been brought in.")),
                ("done_at", models.DateTimeField(blank=True, help_text="When the last of it was; it may be deleted.", null=True)),
            ],
        ),
    ]
