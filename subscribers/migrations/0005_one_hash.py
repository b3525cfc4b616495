from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("subscribers", "0004_known"),
    ]

    operations = [
        migrations.AlterField(
            model_name="suppression",
            name="hash",
            field=models.CharField(editable=False, max_length=64, unique=True),
        ),
    ]
