from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_account_needs_second_factor")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="raised_quotas",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="account",
            name="slugs_full_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
