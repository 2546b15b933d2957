from itertools import chain

from django.db import migrations

from registry import immutability


def install(apps, schema_editor):
    """Make the triggers anew: a database of an earlier release has fewer of them."""
    vendor = schema_editor.connection.vendor
    for statement in chain(
        immutability.dropping(vendor), immutability.creating(vendor)
    ):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("registry", "0020_search_rank_key")]
    # On the way back they stay: those of the earlier release are among them.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
