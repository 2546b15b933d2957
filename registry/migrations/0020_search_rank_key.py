from django.db import migrations, models


class Migration(migrations.Migration):
    """Another name in Python for a column that stays as it is."""

    dependencies = [("registry", "0019_rendering_prose")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("searchdocument", "place", "rank_key"),
                migrations.AlterField(
                    "searchdocument",
                    "rank_key",
                    models.BigIntegerField(unique=True, db_column="place"),
                ),
            ]
        )
    ]
