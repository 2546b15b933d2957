from django.db import migrations

from registry.search import tiers


def install(apps, schema_editor):
    tiers.install_look(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0015_search_smaller_tiers")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
