from django.db import migrations

from registry.search import schema


def install(apps, schema_editor):
    schema.install_look(schema_editor.connection)


def uninstall(apps, schema_editor):
    schema.uninstall_look(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_tags_by_time")]
    operations = [migrations.RunPython(install, uninstall)]
