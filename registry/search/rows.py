"""function -> the row that search reads of it, from the tables to the last column.

Read without model instances: a rebuild makes a million of these.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from registry.inspection.checks import is_contacted
from registry.search.engines import engine
from registry.search.places import place_of
from registry.search.text import (
    MAX_README_CHARACTERS,
    code_words,
    indexed,
    licenses_in,
    said,
    token,
)

# Identifiers by which code reaches out; without them, and without a host, it doesn't.
REACHES_OUT = {"fetch", "websocket", "eventsource", "xmlhttprequest", "connect"}
LISTED = """
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


class Listed(NamedTuple):
    """What a function's row and its neighbours say of it."""

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
    """The columns of a SearchDocument, and the words for the dictionary."""

    function_id: int
    place: int
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


def listed(ids: list[int]) -> list[Listed]:
    """Those of the functions that were ever published, in order of their ids."""
    return [Listed(*row) for row in _read(LISTED, ids)]


def rows_of(functions: Iterable[Listed]) -> list[Row]:
    """What search should know of each, in the order of ``functions``."""
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


def place(function: Listed) -> int:
    """Where a function stands in order of popularity."""
    return place_of(
        function.pk,
        installs=function.installs,
        stars=function.stars,
        is_sunk=function.is_deprecated,
    )


def _read(sql: str, ids: list, kind: str = "bigint") -> list[tuple]:
    if not ids:
        return []
    listing, value = engine().rows(ids, kind)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(ids=listing), [value])
        return cursor.fetchall()


def _row(
    function: Listed, manifest: dict, report: dict | None, code: str, readme: str
) -> Row:
    facts = (report or {}).get("facts", {})
    whole = bool(report) and not report.get("incomplete")
    hosts = [fact["host"] for fact in facts.get("hosts", [])]
    tags = json.loads(function.tags)
    names = f"{function.slug} {function.name}"
    tagged = " ".join(map(_tag, tags))
    row = Row(
        function_id=function.pk,
        place=place(function),
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
        no_dependencies=bool(manifest) and not manifest.get("npmDependencies"),
        no_network=whole
        and not any(map(is_contacted, hosts))
        and REACHES_OUT.isdisjoint(code.split()),
        has_tables=bool(manifest.get("drizzleSchema") or facts.get("tables")),
        words=frozenset((*said(names), *tagged.split(), *said(function.description))),
    )
    return row._replace(facets=" ".join(_tokens(function.author, tags, row)))


def _by_name_only(function: Listed) -> Row:
    """No version is live: no word and no filter finds it, only its very name does."""
    sunk = place_of(function.pk, installs=0, stars=0, is_sunk=True)
    return Row(function.pk, sunk, function.slug)


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
