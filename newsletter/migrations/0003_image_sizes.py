from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0002_personalisation'),
    ]

    operations = [
        migrations.AddField(
            model_name='item',
            name='image_dark',
            field=models.TextField(blank=True, help_text='The same image for dark screens.'),
        ),
        migrations.AddField(
            model_name='item',
            name='image_height',
            field=models.PositiveIntegerField(default=0, help_text='In pixels; 0 where nobody knows.'),
        ),
        migrations.AddField(
            model_name='item',
            name='image_width',
            field=models.PositiveIntegerField(default=0, help_text='In pixels; 0 where nobody knows.'),
        ),
        migrations.AddField(
            model_name='post',
            name='image_dark',
            field=models.TextField(blank=True, help_text='The same image for dark screens.'),
        ),
        migrations.AddField(
            model_name='post',
            name='image_height',
            field=models.PositiveIntegerField(default=0, help_text='In pixels; 0 where nobody knows.'),
        ),
        migrations.AddField(
            model_name='post',
            name='image_width',
            field=models.PositiveIntegerField(default=0, help_text='In pixels; 0 where nobody knows.'),
        ),
    ]
