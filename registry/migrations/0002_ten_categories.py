from django.db import migrations

CATEGORIES = [
    ("auth", "Authentication", "Sign-in, sessions, tokens and second factors."),
    ("payments", "Payments", "Checkouts, webhooks and invoices."),
    ("media", "Media", "Images, audio, video and uploads."),
    ("email", "E-mail", "Sending, templates and verification."),
    ("ai", "AI", "Language models, embeddings and moderation."),
    ("database", "Database", "Queries, caching and pagination."),
    ("utility", "Utility", "Small tools that every project needs."),
    ("analytics", "Analytics", "Counting, tracking and reports."),
    ("notifications", "Notifications", "Push, chat and alerts."),
    ("storage", "Storage", "Files, buckets and signed addresses."),
]


def add_categories(apps, schema_editor):
    Category = apps.get_model("registry", "Category")
    Category.objects.bulk_create(
        Category(slug=slug, label=label, description=description, position=position)
        for position, (slug, label, description) in enumerate(CATEGORIES)
    )


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [
        migrations.RunPython(add_categories, migrations.RunPython.noop, elidable=False)
    ]
