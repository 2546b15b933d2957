from django.db import migrations

from registry import immutability


def install(apps, schema_editor):
    for statement in immutability.creating(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def uninstall(apps, schema_editor):
    for statement in immutability.dropping(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_ten_categories")]
    operations = [migrations.RunPython(install, uninstall)]
