"""Fill an empty registry with N functions, by the rows that the verbs would write.

    python -m bench.seeding N [--rows | --search | --check]

The environment names the database. One process makes the rows and another loads them
in bulk, so a million functions take minutes where publishing them would take days.
``--check`` proves with registry.verification that the rows are what the verbs would
have written. Drafts and events are not made, because no measured page reads them.
"""

import argparse
import hashlib
import multiprocessing
import os
import sys
import time
from itertools import islice
from pathlib import Path

from bench.rows import FUNCTIONS_PER_AUTHOR, TEMPLATES, Maker, plans

BATCH = 1_000  # functions to one transaction
AHEAD = 8  # batches that wait to be loaded, at most
ROOT = Path(__file__).resolve().parent.parent
SEARCH_MODULES = ("rank_keys.py", "rows.py", "text.py")  # they write the index


def seed(count: int, say=lambda done: None) -> None:
    """Seed ``count`` functions and their search index into an empty registry."""
    seed_rows(count, say)
    seed_search()


def seed_search(say=lambda done: None) -> None:
    """Make the search index of the functions there are, as ``rebuild_search`` does.

    An index that is there goes first, because filling an empty one is quicker.
    """
    from django.db import connection

    from registry import search
    from registry.models import SearchDocument
    from registry.search import schema

    # SQLite would take each row out of every full-text table by itself.
    is_emptied = connection.vendor == "sqlite" and SearchDocument.objects.exists()
    if is_emptied:
        schema.uninstall(connection)
    SearchDocument.objects.all().delete()
    if is_emptied:
        schema.install(connection)
    search.rebuild(progress=say)


def seed_rows(count: int, say=lambda done: None) -> None:
    """Seed ``count`` functions without a search index."""
    from bench.loading import Loader, in_bulk
    from registry.models import Category

    categories = list(Category.objects.active().values_list("pk", "slug"))
    maker = Maker(count, categories)
    with in_bulk():
        load, done = Loader(), 0
        batches = _batches(plans(count, _authors(count)))
        for rows in _made(maker, batches, in_turn=count <= BATCH):
            load(rows)
            done += len(rows["Function"])
            say(done)
    _count()
    _after_given_ids()


def _authors(count: int) -> list[tuple[int, str]]:
    from accounts.models import Account

    names = [f"author-{n}" for n in range(count // FUNCTIONS_PER_AUTHOR + 2)]
    made = [Account(username=n, email=f"{n}@example.com") for n in names]
    for account in made:
        account.set_unusable_password()
    Account.objects.bulk_create(made, batch_size=BATCH)
    kept = Account.objects.filter(username__startswith="author-").order_by("pk")
    return list(kept.values_list("pk", "username"))


def _batches(items):
    while batch := list(islice(items, BATCH)):
        yield batch


def _made(maker: Maker, batches, *, in_turn: bool):
    """The rows of each batch, made by another process unless ``in_turn``."""
    if in_turn:
        yield from map(maker, batches)
        return
    given = multiprocessing.get_context("fork")
    batches_in, rows_out = given.Queue(AHEAD), given.Queue(AHEAD)
    work = given.Process(target=_make, args=(maker, batches_in, rows_out), daemon=True)
    work.start()
    waiting = 0
    for batch in batches:
        batches_in.put(batch)
        waiting += 1
        if waiting == AHEAD:
            yield rows_out.get()
            waiting -= 1
    batches_in.put(None)
    while waiting:
        yield rows_out.get()
        waiting -= 1
    work.join()


def _make(maker: Maker, batches_in, rows_out) -> None:
    while batch := batches_in.get():
        rows_out.put(maker(batch))


def _count() -> None:
    """Store how many functions each category has."""
    from django.db.models import Count

    from registry.models import Category, Function

    listed = Function.objects.listed().values_list("category")
    for category_id, functions in listed.annotate(Count("pk")):
        Category.objects.filter(pk=category_id).update(function_count=functions)


def _after_given_ids() -> None:
    """Have PostgreSQL's sequences continue after the ids that were inserted."""
    from django.core.management.color import no_style
    from django.db import connection

    from registry.models import Function, Version

    statements = connection.ops.sequence_reset_sql(no_style(), [Function, Version])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def faults():
    """One sentence for each row that the verbs would have written differently."""
    from django.db.models import Count

    from registry import verification
    from registry.models import Category, Function, NameClaim, SearchDocument

    yield from verification.faults()
    listed = Function.objects.listed()
    counted = dict(listed.values_list("category").annotate(Count("pk")))
    for category in Category.objects.all():
        if category.function_count != counted.get(category.pk, 0):
            yield f"category {category}: counts {category.function_count} functions"
    claims = set(NameClaim.objects.values_list("look_alike", "owner").iterator())
    for slug, *claim in listed.values_list("slug", "look_alike", "owner").iterator():
        if tuple(claim) not in claims:
            yield f"function {slug}: its name is not claimed"
    searched = SearchDocument.objects.count()
    if searched != listed.count():
        yield f"search: {searched} rows for {listed.count()} functions"


def fingerprints() -> tuple[str, str]:
    """Two digests: of the code that makes rows, and of the code that indexes them.

    A seed with another digest is made again. The layout of tables is not part of it,
    because migrations bring an old seed up to date.
    """
    from registry.content.rendering import RENDERER
    from registry.inspection import INSPECTOR

    folder = ROOT / "registry" / "search"
    templates = [path for made, _ in TEMPLATES for path in made.rglob("*")]
    bench = [ROOT / "bench" / name for name in ("rows.py", "words.py")]
    rows = _digest([*bench, *templates], RENDERER, INSPECTOR)
    return rows, _digest(folder / name for name in SEARCH_MODULES)


def _digest(paths, *numbers: int) -> str:
    digest = hashlib.sha256(repr(numbers).encode())
    for path in sorted(paths):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m bench.seeding")
    reader.add_argument("functions", type=int)
    only = reader.add_mutually_exclusive_group()
    only.add_argument("--rows", action="store_true", help="without a search index")
    only.add_argument("--search", action="store_true", help="the index alone")
    only.add_argument("--check", action="store_true", help="verify only")
    given = reader.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DERIVE_IN_BACKGROUND"] = "0"
    import django

    django.setup()
    if given.check:
        found = list(faults())
        print(*found or [f"{given.functions:,} functions: all is well"], sep="\n")
        return bool(found)
    if not given.search:
        _timed("rows", lambda: seed_rows(given.functions, _say))
    if not given.rows:
        _timed("search", lambda: seed_search(_say))
    return 0


def _say(done: int) -> None:
    print(f"\r{done:,} functions", end="", flush=True)


def _timed(what: str, call) -> None:
    began = time.monotonic()
    call()
    print(f" ({what}) in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
