from django.conf import settings
from django.db import migrations, models


def analyze(apps, schema_editor):
    """Where SQLite knows how the other indexes spread, it takes a new one for the best
    of all until it knows that too."""
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone():
            cursor.execute("ANALYZE registry_function")


def _index(name: str, *fields: str):
    return migrations.AddIndex(
        model_name="function",
        index=models.Index(
            condition=models.Q(is_listed=True), fields=["category", *fields], name=name
        ),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0016_search_steps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        _index("function_category_stars", "-star_count", "-id"),
        _index("function_category_name", "slug", "id"),
        migrations.RunPython(analyze, migrations.RunPython.noop),
    ]
