"""Fill an empty registry with N functions, by the rows that the verbs would write.

    python -m bench.seeding N [--check]

The database is the one the environment names. Rows are inserted in bulk, which takes
minutes where publishing one by one would take days; ``--check`` proves with
registry.verification that they say what the verbs would have said. What a function
leaves besides (drafts, events) is not made: no page reads it.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# Each function is one of these, under a name and with words of its own.
MODELS = ("webhook-signature", "jwt-session", "cursor-pagination", "r2-file-server")
NUMBERS = ("1.0.0", "1.1.0", "1.1.1", "2.0.0", "2.1.0")
FUNCTIONS_PER_AUTHOR = 25
# HTML is some four times the source; only what is looked at gets any.
RENDERED_FUNCTIONS = 10_000
BATCH = 1_000  # functions to one transaction
NAME, NUMBER, TEXT = "zzname", "9.9.9", "zztext"  # stand in a model's texts
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
SEED = 7


class Model:
    """An example as text with NAME, NUMBER and TEXT in it, rendered and inspected
    once: names are single words to every renderer, so putting others in their place
    gives what rendering those would have given."""

    def __init__(self, folder: Path):
        from registry import inspection, rendering
        from registry.demo import push_body
        from registry.manifest import Manifest

        sent = push_body(folder)
        self.sent = sent["config_schema"]
        self.values = Manifest.read(self.sent, categories={self.sent["category"]})[
            0
        ].as_json()
        self.entrypoint = self.sent["entrypoint"]
        self.files = {
            path: self._header(path) + text for path, text in sent["files"].items()
        }
        about = sent["readme"].partition("\n## ")
        self.readme = f"# {NAME}\n\n{TEXT}\n\n## {about[2][:600].rstrip('`')}\n"
        self.report = json.dumps(
            inspection.inspect(self.sent, self.files) | {"incomplete": ""}
        )
        self.html = {
            path: (kind := rendering.language_of(path), _html(kind, text))
            for path, text in self.files.items()
        }
        self.readme_html = _html(rendering.README, self.readme)

    def _header(self, path: str) -> str:
        """Makes each file its function's own, and the entrypoint its version's."""
        return f"// {NAME} {NUMBER}\n" if path == self.entrypoint else f"// {NAME}\n"


def _html(kind: str, text: str) -> str:
    from registry import rendering

    if kind == rendering.README:
        return rendering.readme_html(text)
    return rendering.source_html(text, kind)


class Seeder:
    """Rows of one batch after another. Ids are given out here: the tables are empty."""

    def __init__(self, count: int):
        from bench.words import Words
        from registry.models import Category

        self.count = count
        self.words = Words(SEED)
        self.models = [Model(EXAMPLES / name) for name in MODELS]
        self.categories = list(Category.objects.active())
        self.slugs: set[str] = set()  # their look-alikes
        self.version_id = 0
        self.listed: Counter = Counter()

    def run(self, say) -> None:
        from django.db import transaction

        authors = self._authors()
        for start in range(1, self.count + 1, BATCH):
            self.rows = {}
            for number in range(start, min(start + BATCH, self.count + 1)):
                self._function(number, authors[number % len(authors)])
            with transaction.atomic():
                self._insert()
            say(min(start + BATCH - 1, self.count))
        for category in self.categories:
            category.function_count = self.listed[category.pk]
            category.save(update_fields=["function_count"])

    def _authors(self) -> list:
        from accounts.models import Account

        names = [f"author-{n}" for n in range(self.count // FUNCTIONS_PER_AUTHOR + 2)]
        made = [Account(username=n, email=f"{n}@example.com") for n in names]
        for account in made:
            account.set_unusable_password()
        Account.objects.bulk_create(made, batch_size=BATCH)
        return made

    def _function(self, number: int, owner) -> None:
        from registry.models import Function, FunctionTag, NameClaim

        model = self.models[number % len(self.models)]
        slug, look_alike = self._free_slug(number)
        category = self.words.pick(self.categories)
        listing = model.values | {
            "name": slug,
            "description": self._description(number),
            "category": category.slug,
            "tags": self.words.tags(),
        }
        at = FIRST_DAY + timedelta(seconds=30 * number)
        readme = self._readme(model, slug, number)
        latest = self._versions(model, number, listing, readme, owner, at)
        self._add(NameClaim, look_alike=look_alike, owner=owner)
        self._add(
            Function,
            id=number,
            owner=owner,
            slug=slug,
            look_alike=look_alike,
            created_at=at,
            active_at=at,
            name=listing["name"],
            description=listing["description"],
            readme_id=readme,
            category=category,
            tags=listing["tags"],
            language=listing["language"],
            runtime=listing["runtime"],
            license=listing["license"],
            latest_id=latest.pk,
            latest_number=latest.number,
            is_listed=True,
            published_at=at,
            updated_at=at,
            install_count=self.words.popularity(2_000_000),
            star_count=self.words.popularity(50_000),
        )
        for tag in listing["tags"]:
            self._add(FunctionTag, function_id=number, tag=tag)
        self.listed[category.pk] += 1

    def _free_slug(self, number: int) -> tuple[str, str]:
        from registry.names import look_alike

        slug = self.words.slug()[:50].strip("-")
        if look_alike(slug) in self.slugs:
            slug = f"{slug}-{number}"
        seen = look_alike(slug)
        if seen in self.slugs:
            slug, seen = f"fn-{number}-{slug}"[:58], look_alike(f"fn-{number}-{slug}")
        self.slugs.add(seen)
        return slug, seen[:64]

    def _description(self, number: int) -> str:
        from bench.words import COMMON, COMMON_SHARE, RARE, RARE_FUNCTIONS

        words = self.words.some(12)
        if self.words.chance(COMMON_SHARE):
            words.append(COMMON)
        if number % max(2, self.count // RARE_FUNCTIONS) == 0:
            words.append(RARE)
        return " ".join(words)[:290].capitalize() + "."

    def _readme(self, model: Model, slug: str, number: int) -> str:
        from registry import rendering

        said = " ".join(self.words.sentence(14) for _ in range(4))

        def filled(text):
            return text.replace(NAME, slug).replace(TEXT, said)

        sha256 = self._blob(filled(model.readme))
        if number <= RENDERED_FUNCTIONS:
            self._rendering(sha256, rendering.README, filled(model.readme_html))
        return sha256

    def _versions(self, model: Model, number, listing, readme, owner, at):
        wanted = 1 + min(len(NUMBERS) - 1, self.words.popularity(9))
        for index, version in enumerate(NUMBERS[:wanted]):
            is_shown = index == wanted - 1 and number <= RENDERED_FUNCTIONS
            made = self._version(
                model, listing | {"version": version}, readme, is_shown, number
            )
            made.published_by = owner.username
            made.published_at = at
        return made

    def _version(self, model: Model, values, readme, is_shown, function_id):
        from registry import inspection, integrity, semver
        from registry.models import Inspection, Version, VersionFile

        self.version_id += 1
        number = semver.parse(values["version"])

        def filled(text):
            return text.replace(NAME, values["name"]).replace(NUMBER, number.text)

        hashes, size = {}, 0
        for path, text in sorted(model.files.items()):
            text = filled(text)
            size += len(text.encode())
            hashes[path] = self._blob(text)
            self._add(
                VersionFile,
                version_id=self.version_id,
                path=path,
                blob_id=hashes[path],
            )
            if is_shown:
                kind, html = model.html[path]
                self._rendering(hashes[path], kind, filled(html))
        self._add(
            Inspection,
            version_id=self.version_id,
            inspector=inspection.INSPECTOR,
            report=json.loads(filled(model.report)),
        )
        return self._add(
            Version,
            id=self.version_id,
            function_id=function_id,
            number=number.text,
            precedence=number.precedence,
            sort_key=number.sort_key,
            is_prerelease=number.is_prerelease,
            manifest=values,
            readme_id=readme,
            integrity=integrity.of_files(hashes),
            size=size,
            draft_uid=f"{self.version_id:032x}",
            via="cli",
        )

    def _blob(self, text: str) -> str:
        from registry import integrity, paths
        from registry.models import Blob

        sha256 = integrity.sha256_of(text)
        kept = self.rows.setdefault(Blob, {})
        if sha256 not in kept:
            kept[sha256] = Blob(sha256=sha256, size=paths.size_of(text), text=text)
        return sha256

    def _rendering(self, sha256: str, kind: str, html: str) -> None:
        from registry import rendering
        from registry.models import Rendering

        self.rows.setdefault(Rendering, {})[sha256, kind] = Rendering(
            blob_id=sha256,
            kind=kind,
            renderer=rendering.RENDERER,
            html=html,
            is_complete=True,
        )

    def _add(self, row_of, **values):
        row = row_of(**values)
        rows = self.rows.setdefault(row_of, {})
        rows[len(rows)] = row
        return row

    def _insert(self) -> None:
        """Keys between the tables are checked at the commit, so any order will do."""
        for row_of, rows in self.rows.items():
            row_of.objects.bulk_create(rows.values(), batch_size=500)


def seed(count: int, say=lambda done: None) -> None:
    """Seed ``count`` functions into an empty registry, with search over them."""
    from django.db import connection

    from registry import search

    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")
    Seeder(count).run(say)
    _after_given_ids()
    search.rebuild(batch=1_000)


def _after_given_ids() -> None:
    """PostgreSQL counts on from the ids that were given; both learn their tables."""
    from django.core.management.color import no_style
    from django.db import connection

    from registry.models import Function, Version

    statements = connection.ops.sequence_reset_sql(no_style(), [Function, Version])
    with connection.cursor() as cursor:
        for statement in [*statements, "ANALYZE"]:
            cursor.execute(statement)


def faults():
    """What differs from what the verbs would have written; nothing is well."""
    from django.db.models import Count

    from registry import verification
    from registry.models import Category, Function, NameClaim, SearchDocument

    yield from verification.faults()
    listed = Function.objects.listed()
    counted = dict(listed.values_list("category").annotate(Count("pk")))
    for category in Category.objects.all():
        if category.function_count != counted.get(category.pk, 0):
            yield f"category {category}: counts {category.function_count} functions"
    claims = set(NameClaim.objects.values_list("look_alike", "owner"))
    for slug, *claim in listed.values_list("slug", "look_alike", "owner").iterator():
        if tuple(claim) not in claims:
            yield f"function {slug}: its name is not claimed"
    searched = SearchDocument.objects.count()
    if searched != listed.count():
        yield f"search: {searched} rows for {listed.count()} functions"


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m bench.seeding")
    reader.add_argument("functions", type=int)
    reader.add_argument("--check", action="store_true", help="verify, seed nothing")
    asked = reader.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DERIVE_IN_BACKGROUND"] = "0"
    import django

    django.setup()
    if asked.check:
        found = list(faults())
        print(*found or [f"{asked.functions:,} functions: all is well"], sep="\n")
        return bool(found)
    began = time.monotonic()
    seed(asked.functions, lambda done: print(f"\r{done:,} functions", end=""))
    print(f" in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
