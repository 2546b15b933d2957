import json

from django.conf import settings
from django.db import migrations, models

DRAFTS = 100  # read at a time; each may have some MiB


def measure(apps, schema_editor):
    """The size of each open draft, as registry/publishing/quotas.py counts it. A
    published one is measured when it is changed."""
    drafts = apps.get_model("registry", "Draft").objects.filter(version=None)
    content = drafts.values_list("pk", "manifest", "files", "readme")
    for pk, manifest, files, readme in content.iterator(chunk_size=DRAFTS):
        texts = [json.dumps(manifest, ensure_ascii=False), readme, *files.values()]
        size = sum(len(text.encode()) for text in texts)
        drafts.filter(pk=pk).update(stored_bytes=size)


def analyze(apps, schema_editor):
    """Where SQLite knows how the other indexes spread, it takes a new one for the best
    of all until it knows that too."""
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone():
            cursor.execute("ANALYZE registry_draft")
            cursor.execute("ANALYZE registry_version")


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0021_published_rows_never_replaced"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="draft",
            name="stored_bytes",
            field=models.PositiveIntegerField(default=0),
        ),
        # Empty is allowed, so SQLite adds the column and keeps the table's triggers.
        migrations.AddField(
            model_name="version",
            name="stored_bytes",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.RunPython(measure, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(
                condition=models.Q(version=None),
                fields=["function", "stored_bytes", "version"],
                name="draft_open",
            ),
        ),
        migrations.AddIndex(
            model_name="version",
            index=models.Index(
                fields=["function", "stored_bytes", "size"], name="version_bytes"
            ),
        ),
        migrations.RunPython(analyze, migrations.RunPython.noop),
    ]
