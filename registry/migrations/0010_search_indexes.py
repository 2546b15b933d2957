from django.db import migrations

from registry.search import schema


def install(apps, schema_editor):
    schema.install(schema_editor.connection)


def uninstall(apps, schema_editor):
    schema.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0009_search_documents")]
    operations = [migrations.RunPython(install, uninstall)]
