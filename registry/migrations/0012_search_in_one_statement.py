from django.db import migrations

from registry.search import tiers


def install(apps, schema_editor):
    tiers.install_look(schema_editor.connection)


def uninstall(apps, schema_editor):
    tiers.uninstall_look(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_tags_by_time")]
    operations = [migrations.RunPython(install, uninstall)]
