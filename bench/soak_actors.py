"""What the other processes of bench.soak do, and the checks after the run."""

import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

WORDS = "image video audio text queue cache token upload resize parse".split()


def act(seconds: float, seed: str) -> None:
    """Call verbs at random until the time is over. Refusals are counted."""
    from registry import errors

    choose, actor = random.Random(seed), _actor(f"actor-{seed}")
    verbs = [_star, _unstar, _install, _yank, _edit, _quarantine, _lift, _rename, _tag]
    until, refused = time.monotonic() + seconds, Counter()
    while time.monotonic() < until:
        verb = choose.choice(verbs)
        try:
            verb(choose, actor)
        except errors.RegistryError as error:
            refused[f"{verb.__name__} {error.code}"] += 1
    print(dict(refused))


def _actor(name: str):
    from accounts.registration import create_account

    email = f"{name}@example.com"
    return create_account(name, email, "correct horse battery", is_staff=True)


def _any(choose, **only):
    """A published function, or None while there is none."""
    from registry.models import Function

    ids = Function.objects.filter(published_at__isnull=False, **only)
    ids = list(ids.values_list("pk", flat=True))
    found = Function.objects.filter(pk=choose.choice(ids)) if ids else None
    return found and found.select_related("owner", "category", "readme").first()


def _why():
    from registry.moderation import Grounds

    return Grounds("Because of the soak.", "malware")


def _star(choose, actor):
    from registry import following

    if function := _any(choose):
        following.star(function, by=actor, via="admin")


def _unstar(choose, actor):
    from registry import following

    if function := _any(choose):
        following.unstar(function, by=actor, via="admin")


def _install(choose, actor):
    from registry.installs import counting

    if (function := _any(choose)) and function.latest_id:
        client = f"192.0.2.{choose.randrange(256)}"
        counting.count(function.latest_id, client=client, method="GET", headers={})
        if choose.random() < 0.3:
            counting.flush()


def _yank(choose, actor):
    from registry import publishing

    if function := _any(choose):
        version = function.versions.order_by("?").first()
        if choose.random() < 0.5:
            publishing.yank(version, reason="Broken.", by=function.owner, via="api")
        else:
            publishing.unyank(version, by=function.owner, via="api")


def _edit(choose, actor):
    from dataclasses import replace

    from registry.listing import editing

    if function := _any(choose):
        wanted = replace(
            editing.listing_of(function),
            readme=f"# Edited\n\n{' '.join(choose.choices(WORDS, k=40))}\n",
            tags=choose.sample(WORDS, 3),
        )
        editing.edit_listing(function, wanted, by=function.owner, via="admin")


def _quarantine(choose, actor):
    from registry import moderation

    if choose.random() < 0.3 and (function := _any(choose)):
        moderation.quarantine_function(function, _why(), by=actor)


def _lift(choose, actor):
    from registry import moderation

    if function := _any(choose, is_listed=False):
        moderation.lift_function_quarantine(function, _why(), by=actor)


def _rename(choose, actor):
    """Rename a category, or give it its old name again."""
    from registry import moderation
    from registry.models import Category

    if choose.random() < 0.1:
        category = Category.objects.filter(slug__in=["media", "pictures"]).first()
        slug = "media" if category.slug == "pictures" else "pictures"
        moderation.edit_category(
            category, slug, category.label, category.description, _why(), by=actor
        )


def _tag(choose, actor):
    from registry import search

    if function := _any(choose):
        search.reorder([function.pk])


# --- afterwards


def settle() -> None:
    """Derive what a killed process has not derived, as the next start does."""
    from registry import inspection
    from registry.content import derived
    from registry.models import Version

    made = Version.objects.filter(inspection__inspector=inspection.INSPECTOR)
    for version_id in Version.objects.exclude(pk__in=made).values_list("pk", flat=True):
        derived.make(version_id)


def faults(answered: dict[str, str]):
    """Yield one sentence for each fault.

    answered: the code of each published version, by owner/slug@number, as the Hub
    answered it.
    """
    from registry import verification

    yield from verification.faults()
    yield from _lost(answered)
    yield from _miscounted()
    yield from _broken_pages()


def _lost(answered):
    from registry.models import Version

    for name, code in answered.items():
        path, _, number = name.partition("@")
        owner, _, slug = path.partition("/")
        found = Version.objects.filter(
            function__owner__username=owner, function__slug=slug, number=number
        ).first()
        if found is None:
            yield f"{name}: was answered and is lost"
        elif found.files.get(path="index.ts").blob.text != code:
            yield f"{name}: another code was answered"


def _miscounted():
    from django.db.models import Count, Sum

    from registry.models import Category, Function, InstallCount, SearchDocument, Star

    listed = Function.objects.listed()
    counted = dict(listed.values_list("category").annotate(Count("pk")))
    for category in Category.objects.all():
        if category.function_count != counted.get(category.pk, 0):
            yield f"category {category}: counts {category.function_count} functions"
    stars = dict(Star.objects.values_list("function").annotate(Count("pk")))
    sums = InstallCount.objects.values_list("version__function")
    installs = dict(sums.annotate(Sum("installs")))
    for function in Function.objects.select_related("owner"):
        if function.star_count != stars.get(function.pk, 0):
            yield f"{function}: {function.star_count} stars are not {stars}"
        if function.install_count != installs.get(function.pk, 0):
            yield f"{function}: {function.install_count} installs are not its sum"
    published = set(Function.objects.published().values_list("pk", flat=True))
    searched = set(SearchDocument.objects.values_list("pk", flat=True))
    if published != searched:
        yield f"search: {len(searched)} rows for {len(published)} functions"


def _broken_pages():
    """The faults that SQLite finds in its pages and in its full-text tables."""
    from django.db import DatabaseError, connection

    from registry.search.schema import TABLES

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for check in ("integrity_check", "foreign_key_check"):
            cursor.execute(f"PRAGMA {check}")
            yield from (f"{check}: {r}" for r in cursor.fetchall() if r != ("ok",))
        for table, (_, is_hot, _) in TABLES.items():
            # 1: against the documents too, of which the hot table has some only.
            values = f"('integrity-check', {int(not is_hot)})"
            try:
                cursor.execute(f"INSERT INTO {table}({table}, rank) VALUES {values}")
            except DatabaseError as error:
                yield f"{table}: {error}"


def main(args: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DERIVE_IN_BACKGROUND"] = "0"
    import django

    django.setup()
    if args[0] == "act":
        act(float(args[1]), args[2])
        return 0
    settle()
    found = list(faults(json.loads(Path(args[1]).read_text())))
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
