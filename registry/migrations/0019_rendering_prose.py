from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0018_search_finds_places")]
    operations = [
        migrations.AddField("rendering", "prose", models.TextField(null=True)),
    ]
