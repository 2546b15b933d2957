from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0010_search_indexes")]
    operations = [
        migrations.AddField(
            model_name="functiontag",
            name="updated_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(
            "UPDATE registry_functiontag SET updated_at = (SELECT f.updated_at "
            "FROM registry_function f WHERE f.id = function_id)",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="functiontag",
            index=models.Index(
                fields=["tag", "-updated_at", "-function"], name="function_tag_recent"
            ),
        ),
    ]
