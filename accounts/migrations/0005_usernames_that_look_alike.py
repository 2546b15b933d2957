import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.names import look_alike

BATCH_ROWS = 1_000


def claim_those_that_are(apps, schema_editor):
    """Existing accounts keep their usernames. Where two read alike, the older one holds
    the claim. Usernames of deleted accounts stay claimed."""
    Account = apps.get_model("accounts", "Account")
    ReservedName = apps.get_model("accounts", "ReservedName")
    UsernameClaim = apps.get_model("accounts", "UsernameClaim")
    claims = {}
    accounts = Account.objects.order_by("joined_at", "id")
    for pk, username in accounts.values_list("id", "username").iterator():
        claims.setdefault(look_alike(username), pk)
    retired = ReservedName.objects.filter(reason="retired with its account")
    for username in retired.values_list("name", flat=True).iterator():
        claims.setdefault(look_alike(username), None)
    UsernameClaim.objects.bulk_create(
        (UsernameClaim(look_alike=form, account_id=pk) for form, pk in claims.items()),
        batch_size=BATCH_ROWS,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_quotas")]
    operations = [
        migrations.CreateModel(
            name="UsernameClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("look_alike", models.CharField(max_length=39, unique=True)),
                (
                    "account",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="username_claim",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunPython(claim_those_that_are, migrations.RunPython.noop),
    ]
