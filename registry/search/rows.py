"""Functions -> the rows of their search documents.

Read without model instances, as a rebuild makes a million rows.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from registry.inspection.checks import is_contacted
from registry.inspection.modules import package_of
from registry.inspection.reports import unread
from registry.search.engines import engine
from registry.search.rank_keys import rank_key_of
from registry.search.text import (
    MAX_CODE_WORDS,
    MAX_README_CHARACTERS,
    code_words,
    indexed,
    licenses_in,
    token,
    written_words,
)

# Identifiers by which code reaches out; without them, and without a host, it doesn't.
REACHES_OUT = {"fetch", "websocket", "eventsource", "xmlhttprequest", "connect"}
FACTS = """
    SELECT f.id, f.slug, f.name, f.description, f.tags, f.language, f.runtime,
        f.license, f.install_count, f.star_count, f.is_listed, f.latest_id, f.readme_id,
        COALESCE(c.slug, ''), a.username, d.id IS NOT NULL
    FROM registry_function f
    JOIN accounts_account a ON a.id = f.owner_id
    LEFT JOIN registry_category c ON c.id = f.category_id
    LEFT JOIN registry_deprecation d ON d.function_id = f.id
    WHERE f.published_at IS NOT NULL AND f.id IN ({ids})
    ORDER BY f.id
"""
READMES = "SELECT sha256, text FROM registry_blob WHERE sha256 IN ({ids})"
LATEST = """
    SELECT v.id, v.manifest, i.report FROM registry_version v
    LEFT JOIN registry_inspection i ON i.version_id = v.id WHERE v.id IN ({ids})
"""
SOURCES = """
    SELECT s.version_id, b.text FROM registry_versionfile s
    JOIN registry_blob b ON b.sha256 = s.blob_id WHERE s.version_id IN ({ids})
    ORDER BY s.version_id, s.path
"""


class Facts(NamedTuple):
    """What is read of a function, from its row and those of other tables."""

    pk: int
    slug: str
    name: str
    description: str
    tags: str  # JSON
    language: str
    runtime: str
    license: str
    installs: int
    stars: int
    is_listed: bool
    latest: int | None
    readme: str | None
    category: str
    author: str
    is_deprecated: bool


class Row(NamedTuple):
    """The fields of a SearchDocument, and the words for the dictionary."""

    function_id: int
    rank_key: int
    slug: str
    names: str = ""
    tags: str = ""
    description: str = ""
    readme: str = ""
    code: str = ""
    facets: str = ""
    category: str = ""
    language: str = ""
    runtime: str = ""
    license: str = ""
    no_dependencies: bool = False
    no_network: bool = False
    has_tables: bool = False
    words: frozenset[str] = frozenset()


def facts_of(ids: list[int]) -> list[Facts]:
    """Of these functions, those that were ever published, in order of their ids."""
    return [Facts(*row) for row in _read(FACTS, ids)]


def rows_of(functions: Iterable[Facts]) -> list[Row]:
    """The row of each, in the order of ``functions``."""
    functions = list(functions)
    shown = [function for function in functions if function.is_listed]
    readmes = dict(_read(READMES, list({f.readme for f in shown if f.readme}), "text"))
    latest = {
        version: (json.loads(manifest), json.loads(report or "null"))
        for version, manifest, report in _read(
            LATEST, [f.latest for f in shown if f.latest]
        )
    }
    inspected = [version for version, (_, report) in latest.items() if report]
    sources: dict[int, list[str]] = {}
    for version, text in _read(SOURCES, inspected):
        sources.setdefault(version, []).append(text)
    return [
        _row(
            function,
            *latest.get(function.latest, ({}, None)),
            code_words(sources.get(function.latest, ())),
            readmes.get(function.readme, "")[:MAX_README_CHARACTERS],
        )
        if function.is_listed
        else _by_name_only(function)
        for function in functions
    ]


def rank_key(function: Facts) -> int:
    """The rank key of a function."""
    return rank_key_of(
        function.pk,
        installs=function.installs,
        stars=function.stars,
        is_demoted=function.is_deprecated,
    )


def _read(sql: str, ids: list, kind: str = "bigint") -> list[tuple]:
    if not ids:
        return []
    listing, value = engine().rows(ids, kind)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(ids=listing), [value])
        return cursor.fetchall()


def _row(
    function: Facts, manifest: dict, report: dict | None, code: str, readme: str
) -> Row:
    facts = (report or {}).get("facts", {})
    is_whole = not unread(report or {})  # what is not known is not "no"
    hosts = [fact["host"] for fact in facts.get("hosts", [])]
    packages = filter(None, (package_of(f["module"]) for f in facts.get("imports", [])))
    words_of_code = code.split()
    tags = json.loads(function.tags)
    names = f"{function.slug} {function.name}"
    tagged = " ".join(map(_tag, tags))
    row = Row(
        function_id=function.pk,
        rank_key=rank_key(function),
        slug=function.slug,
        names=indexed(names),
        tags=tagged,
        description=indexed(function.description),
        readme=indexed(readme),
        code=code,
        category=function.category,
        language=function.language,
        runtime=function.runtime,
        license=function.license,
        no_dependencies=is_whole
        and not manifest.get("npmDependencies")
        and not any(packages),
        no_network=is_whole
        and len(words_of_code) < MAX_CODE_WORDS  # else there are more
        and not any(map(is_contacted, hosts))
        and not any(f["rule"] == "dynamic-code" for f in report["findings"])
        and REACHES_OUT.isdisjoint(words_of_code),
        has_tables=bool(manifest.get("drizzleSchema") or facts.get("tables")),
        words=frozenset(
            (
                *written_words(names),
                *tagged.split(),
                *written_words(function.description),
            )
        ),
    )
    return row._replace(facets=" ".join(_tokens(function.author, tags, row)))


def _by_name_only(function: Facts) -> Row:
    """The row of a function without a live version: only its exact name finds it."""
    demoted = rank_key_of(function.pk, installs=0, stars=0, is_demoted=True)
    return Row(function.pk, demoted, function.slug)


def _tokens(author: str, tags: list[str], row: Row) -> Iterable[str]:
    yield token("author", author)
    yield from (token("tag", tag) for tag in tags)
    yield from (token("license", part) for part in licenses_in(row.license))
    for name in ("category", "language", "runtime"):
        yield token(name, getattr(row, name))
    for name in ("no_dependencies", "no_network", "has_tables"):
        if getattr(row, name):
            yield token(name, "yes")


def _tag(tag: str) -> str:
    """``rate limit`` also as ``ratelimit``."""
    words = indexed(tag)
    return f"{words} {words.replace(' ', '')}" if " " in words else words
