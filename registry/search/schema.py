"""The full-text indexes over search documents, kept by the databases themselves.

Three texts are indexed, each with the facets, so that a filter is one more word:
"narrow" (names, tags, description), once over the most popular functions and once
over all; "wide", with the README; and "code". SQLite has FTS5 tables that triggers
fill, with the place as row number; PostgreSQL has generated columns under GIN.
"""

TABLE = "registry_searchdocument"
NARROW = ("names", "tags", "description", "facets")
WIDE = (*NARROW, "readme")
CODE = ("code", "facets")
# So that counting facets reads these small rows, and not the documents.
COVERING = {
    "registry_search_facets": f"{TABLE} (function_id, category, language, runtime, "
    "license, no_dependencies, no_network, has_tables)",
    "registry_search_tags": "registry_functiontag (function_id, tag)",
}
# FTS5 table -> (columns, whether it holds the hot rows only, options)
TABLES = {
    "registry_search_hot": (NARROW, True, ""),
    "registry_search_narrow": (NARROW, False, ""),
    "registry_search_wide": (WIDE, False, "detail=none, columnsize=0"),
    "registry_search_code": (CODE, False, "detail=none, columnsize=0"),
}


def install(connection) -> None:
    """Create the indexes on ``connection``'s database; the tables stand already."""
    made = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor]()
    covering = [f"CREATE INDEX {name} ON {what}" for name, what in COVERING.items()]
    with connection.cursor() as cursor:
        for statement in (*made, *covering):
            cursor.execute(statement)


def uninstall(connection) -> None:
    """Drop them."""
    made = {"sqlite": _drop_sqlite, "postgresql": _drop_postgresql}[connection.vendor]()
    covering = [f"DROP INDEX IF EXISTS {name}" for name in COVERING]
    with connection.cursor() as cursor:
        for statement in (*made, *covering):
            cursor.execute(statement)


def _sqlite():
    for name, (columns, _, options) in TABLES.items():
        stemmed = "" if columns is CODE else "porter "
        yield (
            f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(columns)}, "
            f"content='{TABLE}', content_rowid='place', "
            f"tokenize='{stemmed}unicode61 remove_diacritics 0'"
            f"{', ' + options if options else ''})"
        )
    for name, (columns, is_hot, _) in TABLES.items():
        yield from _triggers(name, columns, is_hot)
    yield f"CREATE INDEX registry_search_slug ON {TABLE} (slug, place)"
    yield f"CREATE INDEX registry_search_hot_slug ON {TABLE} (slug, place) WHERE is_hot"
    yield f"CREATE INDEX registry_search_hot_place ON {TABLE} (place) WHERE is_hot"


def _triggers(name: str, columns: tuple[str, ...], is_hot: bool):
    """Keep a table without texts of its own in step (SQLite's FTS5 manual, 4.4.3)."""

    def insert():
        values = ", ".join(f"new.{column}" for column in ("place", *columns))
        only = " WHERE new.is_hot" if is_hot else ""
        return f"INSERT INTO {name}(rowid, {', '.join(columns)}) SELECT {values}{only};"

    def delete():
        values = ", ".join(f"old.{column}" for column in ("place", *columns))
        only = " WHERE old.is_hot" if is_hot else ""
        return (
            f"INSERT INTO {name}({name}, rowid, {', '.join(columns)}) "
            f"SELECT 'delete', {values}{only};"
        )

    watched = ("place", *columns, *(("is_hot",) if is_hot else ()))
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in watched)
    for event, when, body in (
        ("INSERT", "", insert()),
        ("DELETE", "", delete()),
        ("UPDATE", f"WHEN {changed} ", delete() + insert()),
    ):
        yield (
            f"CREATE TRIGGER {name}_{event.lower()} AFTER {event} ON {TABLE} "
            f"{when}BEGIN {body} END"
        )


def _postgresql():
    # English stems without stop words: in a slug every word counts.
    yield (
        "CREATE TEXT SEARCH DICTIONARY registry_stem "
        "(TEMPLATE = snowball, Language = english)"
    )
    yield "CREATE TEXT SEARCH CONFIGURATION registry_words (COPY = simple)"
    yield (
        "ALTER TEXT SEARCH CONFIGURATION registry_words "
        "ALTER MAPPING FOR asciiword WITH registry_stem"
    )
    narrow = _weighted(names="A", tags="B", description="C", facets="D")
    wide = _weighted(names="A", tags="B", description="C", facets="D", readme="D")
    code = "to_tsvector('simple', code || ' ' || facets)"
    columns = {"narrow": narrow, "wide": wide, "code_words": code}
    added = ", ".join(
        f"ADD COLUMN {column} tsvector GENERATED ALWAYS AS ({made}) STORED"
        for column, made in columns.items()
    )
    yield f"ALTER TABLE {TABLE} {added}"
    # What ranking reads for many rows at once stays in the row and the long texts
    # don't, so that the rows of a million functions fit into memory. Bytes.
    yield f"ALTER TABLE {TABLE} SET (toast_tuple_target = 1024)"
    yield f"ALTER TABLE {TABLE} ALTER COLUMN narrow SET STORAGE MAIN"
    # Without a list of pending entries, which a search would have to read through.
    gin = "USING gin ({}) WITH (fastupdate = off)"
    yield (
        f"CREATE INDEX registry_search_hot ON {TABLE} {gin.format('narrow')} "
        "WHERE is_hot"
    )
    yield f"CREATE INDEX registry_search_narrow ON {TABLE} {gin.format('narrow')}"
    yield (
        f"CREATE INDEX registry_search_hot_wide ON {TABLE} {gin.format('wide')} "
        "WHERE is_hot"
    )
    yield f"CREATE INDEX registry_search_wide ON {TABLE} {gin.format('wide')}"
    yield f"CREATE INDEX registry_search_code ON {TABLE} {gin.format('code_words')}"
    slug = f"ON {TABLE} (slug text_pattern_ops) INCLUDE (place)"
    yield f"CREATE INDEX registry_search_slug {slug}"
    yield f"CREATE INDEX registry_search_hot_slug {slug} WHERE is_hot"
    yield f"CREATE INDEX registry_search_hot_place ON {TABLE} (place) WHERE is_hot"


def _weighted(**weights: str) -> str:
    """The sum of the columns as vectors, each with its weight."""
    return " || ".join(
        f"setweight(to_tsvector('registry_words', {column}), '{weight}')"
        for column, weight in weights.items()
    )


def _drop_sqlite():
    for name in TABLES:
        for event in ("insert", "delete", "update"):
            yield f"DROP TRIGGER IF EXISTS {name}_{event}"
        yield f"DROP TABLE IF EXISTS {name}"
    for index in ("slug", "hot_slug", "hot_place"):
        yield f"DROP INDEX IF EXISTS registry_search_{index}"


def _drop_postgresql():
    for index in ("slug", "hot_slug", "hot_place"):
        yield f"DROP INDEX IF EXISTS registry_search_{index}"
    for column in ("narrow", "wide", "code_words"):
        yield f"ALTER TABLE {TABLE} DROP COLUMN IF EXISTS {column}"
    yield "DROP TEXT SEARCH CONFIGURATION IF EXISTS registry_words"
    yield "DROP TEXT SEARCH DICTIONARY IF EXISTS registry_stem"
