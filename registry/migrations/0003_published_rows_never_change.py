from django.db import migrations

from registry import immutability


def install(apps, schema_editor):
    immutability.install(schema_editor.connection)


def uninstall(apps, schema_editor):
    immutability.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_ten_categories")]
    operations = [migrations.RunPython(install, uninstall)]
