from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_switch")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="needs_second_factor",
            field=models.BooleanField(default=False),
        )
    ]
