from django.db import migrations

from registry.search import tiers


def install(apps, schema_editor):
    tiers.install_look(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0017_category_orders")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
