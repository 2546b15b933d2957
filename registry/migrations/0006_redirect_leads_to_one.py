from django.db import migrations, models


class Migration(migrations.Migration):
    """A slug may be left twice: by a transfer it stays, under another username."""

    dependencies = [("registry", "0005_category_merged_into")]
    operations = [
        migrations.AlterField(
            model_name="redirect", name="slug", field=models.CharField(max_length=80)
        ),
        migrations.AddConstraint(
            model_name="redirect",
            constraint=models.UniqueConstraint(
                fields=("slug", "username"), name="redirect_leads_to_one"
            ),
        ),
    ]
