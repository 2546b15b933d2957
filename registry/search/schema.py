"""The full-text indexes over search documents, kept by the databases themselves.

Three texts are indexed, each with the facets, so that a filter is one more word:
"narrow" (names, tags, description), once over the popular tier and once over all;
"wide", with the README; and "code". SQLite has FTS5 tables that triggers fill, with the
rank key as row number; PostgreSQL has generated columns under GIN, and tiers of
popularity (tiers.py). In SQL the rank key's column is called ``place``.
"""

from registry.search import tiers

TABLE = "registry_searchdocument"
NARROW = ("names", "tags", "description", "facets")
WIDE = (*NARROW, "readme")
CODE = ("code", "facets")
MERGED_PAGES = 1_000  # of an FTS5 table, in one step
# Counting facets reads these small rows instead of the documents.
COVERING = {
    "registry_search_facets": f"{TABLE} (function_id, category, language, runtime, "
    "license, no_dependencies, no_network, has_tables)",
    "registry_search_tags": "registry_functiontag (function_id, tag)",
}
# PostgreSQL's: index -> (column, which rows)
GIN = {
    "registry_search_narrow": ("narrow", ""),
    "registry_search_hot_wide": ("wide", " WHERE is_hot"),
    "registry_search_wide": ("wide", ""),
    "registry_search_code": ("code_words", ""),
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
    execute(connection, [*made, *covering])


def uninstall(connection) -> None:
    """Drop them."""
    made = {"sqlite": _drop_sqlite, "postgresql": _drop_postgresql}[connection.vendor]()
    covering = [f"DROP INDEX IF EXISTS {name}" for name in COVERING]
    execute(connection, [*made, *covering])


def is_whole(connection) -> bool:
    """Whether all indexes exist; not while filling, nor after that was broken off."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE indexname = ANY(%s)", [[*GIN]]
        )
        return cursor.fetchone()[0] == len(GIN)


def before_filling(connection) -> None:
    """Drop the indexes that are made quicker once the rows are there."""
    if connection.vendor == "sqlite":
        _forget_statistics(connection)
    else:
        execute(connection, [f"DROP INDEX IF EXISTS {name}" for name in GIN])
        tiers.forget_warm(connection)


def after_filling(connection) -> list[str]:
    """The statements that make the indexes ``before_filling`` dropped, the longest
    first. None waits for another."""
    return [*_gin()][::-1] if connection.vendor == "postgresql" else []


def tidy(connection) -> None:
    """Bring the full-text indexes into the shape that is read quickest, in steps that
    lock others out only for a moment. Not inside of a transaction."""
    if connection.vendor == "postgresql":
        tiers.draw_warm(connection)
        # The dictionary too: planned as the empty table that it was, correcting a typo
        # takes five times as long.
        tables = f"{TABLE}, registry_searchpopular, registry_searchword, "
        tables += "registry_searchspelling"
        execute(connection, [f"VACUUM (ANALYZE) {tables}"])
        return
    _forget_statistics(connection)
    for name in TABLES:
        merge = f"INSERT INTO {name}({name}, rank) VALUES ('merge', %s)"
        with connection.cursor() as cursor:
            cursor.execute(merge, [-MERGED_PAGES])  # from now on all into one
            while _merged(cursor, merge):
                pass


def _forget_statistics(connection) -> None:
    """Delete the statistics of FTS5's own tables. From when they were small, these have
    SQLite read all of a large table for each write: it expects two rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone():
            for name in TABLES:
                cursor.execute(
                    "DELETE FROM sqlite_stat1 WHERE substr(tbl, 1, %s) = %s",
                    [len(name) + 1, f"{name}_"],
                )
            cursor.execute("ANALYZE sqlite_master")  # reads what is left of them


def _merged(cursor, merge: str) -> bool:
    """Whether there was anything left to merge (SQLite's FTS5 manual, 6.8)."""
    count = "SELECT total_changes()"
    before = cursor.execute(count).fetchone()[0]
    cursor.execute(merge, [MERGED_PAGES])
    return cursor.execute(count).fetchone()[0] - before >= 2


def execute(connection, statements) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and connection.in_atomic_block:
            # A table can't change before the keys of its new rows were checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
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
    yield from _gin()
    slug = f"ON {TABLE} (slug text_pattern_ops) INCLUDE (place)"
    yield f"CREATE INDEX registry_search_slug {slug}"
    yield f"CREATE INDEX registry_search_hot_slug {slug} WHERE is_hot"
    yield f"CREATE INDEX registry_search_hot_place ON {TABLE} (place) WHERE is_hot"


def _gin():
    # Without a list of pending entries, which a search would have to read through.
    for name, (column, only) in GIN.items():
        yield (
            f"CREATE INDEX IF NOT EXISTS {name} ON {TABLE} "
            f"USING gin ({column}) WITH (fastupdate = off){only}"
        )


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
