"""How long others wait while a category of 100,000 functions is merged into another.

    HUB_DATA_DIR=$(mktemp -d) python bench/category_merge.py [FUNCTIONS]

Needs an empty database (SQLite, or PostgreSQL by DATABASE_URL). Makes the functions,
merges their category, and meanwhile pushes and publishes in a second process, with a
rest of 50 ms after each.
Prints what the merge took, and how long each of the writer's publishes waited.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DERIVE_IN_BACKGROUND", "0")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from accounts.registration import create_account  # noqa: E402
from registry import moderation, publishing  # noqa: E402
from registry.models import Category, Function, SearchDocument  # noqa: E402
from registry.moderation import Grounds, categories  # noqa: E402
from registry.search.text import token  # noqa: E402

PASSWORD = "correct horse battery"
MANIFEST = {
    "name": "writer-tool",
    "description": "Written while a category is merged.",
    "category": "ai",
    "license": "MIT",
    "entrypoint": "index.ts",
    "code": "export const answer = 42;\n",
}


def prepare(count: int):
    """An account with ``count`` listed functions in one category, and a moderator."""
    call_command("migrate", verbosity=0)
    owner = create_account("owner", "owner@example.com", PASSWORD)
    create_account("writer", "writer@example.com", PASSWORD)
    staff = create_account("mod", "mod@example.com", PASSWORD, is_staff=True)
    publishing.publish(
        publishing.push(MANIFEST | {"name": "first-one"}, by=owner, via="cli").draft,
        by=owner,
        via="cli",
    )
    first = Function.objects.get()
    media = Category.objects.get(slug="media")
    rows = (
        Function(
            owner=owner,
            slug=f"function-{number}",
            look_alike=f"function{number}",
            name=f"Function {number}",
            description="One of many.",
            category=media,
            latest=first.latest,
            latest_number="1.0.0",
            is_listed=True,
            published_at=first.published_at,
        )
        for number in range(count)
    )
    Function.objects.bulk_create(rows, batch_size=5000)
    facets = token("category", "media")
    documents = (
        SearchDocument(
            function_id=pk,
            rank_key=10**12 + pk,
            slug=slug,
            names=slug.replace("-", " "),
            category="media",
            facets=facets,
        )
        for pk, slug in Function.objects.filter(category=media).values_list(
            "pk", "slug"
        )
    )
    SearchDocument.objects.bulk_create(documents, batch_size=5000)
    Category.objects.filter(pk=media.pk).update(function_count=count)
    return staff


def merge(staff) -> float:
    """How many seconds it took in all."""
    media, ai = (Category.objects.get(slug=slug) for slug in ("media", "ai"))
    begun = time.monotonic()
    moderation.merge_category(media, ai, Grounds("One is enough."), by=staff)
    while left := categories.resume_merges(seconds=5):
        print(f"{left:,} left after {time.monotonic() - begun:.1f} s")
    assert not Function.objects.filter(category=media).exists()
    return time.monotonic() - begun


def write_until_stopped() -> None:
    """Push and publish, again and again; print how long the slowest took."""
    from accounts.models import Account

    writer, number, slowest, waits = Account.objects.get(username="writer"), 0, 0.0, []
    while not Path(sys.argv[2]).exists():
        number += 1
        begun = time.monotonic()
        body = MANIFEST | {"version": f"1.0.{number}"}
        draft = publishing.push(body, by=writer, via="cli").draft
        publishing.publish(draft, by=writer, via="cli")
        waits.append(time.monotonic() - begun)
        time.sleep(0.05)
    waits.sort()
    slowest, median = waits[-1], waits[len(waits) // 2]
    print(
        f"{number} publishes meanwhile: median {median:.3f} s, slowest {slowest:.3f} s"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    begun = time.monotonic()
    staff = prepare(count)
    print(f"{count:,} functions made in {time.monotonic() - begun:.1f} s")
    stop = Path(os.environ["HUB_DATA_DIR"]) / "stop"
    with subprocess.Popen([sys.executable, __file__, "--write", str(stop)]):
        try:
            time.sleep(3)
            took = merge(staff)
        finally:
            stop.touch()
    print(f"merged in {took:.1f} s")


if __name__ == "__main__":
    write_until_stopped() if sys.argv[1:2] == ["--write"] else main()
