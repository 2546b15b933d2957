from django.db import migrations

from registry.search import tiers


def install(apps, schema_editor):
    tiers.install(schema_editor.connection)
    tiers.install_look(schema_editor.connection)
    tiers.draw_warm(schema_editor.connection)


def uninstall(apps, schema_editor):
    tiers.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0012_search_in_one_statement")]
    operations = [migrations.RunPython(install, uninstall)]
