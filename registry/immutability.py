"""Database triggers that keep published rows from changing.

UPDATE and DELETE of versions, version files and blobs fail, and so does what has their
effect: TRUNCATE on PostgreSQL; on SQLite an INSERT OR REPLACE, which deletes a row of
the same key without asking the triggers of DELETE. One exception: a blob's text may
become empty once its Removal is confirmed. What an owner of the database can still do:
docs/architecture.md, "A version never changes".
"""

from collections.abc import Iterator

# Every unique key of each table, as columns. Blobs have a rowid of their own in SQLite.
KEYS = {
    "registry_version": (("id",), ("function_id", "precedence")),
    "registry_versionfile": (("id",), ("version_id", "path")),
    "registry_blob": (("rowid",), ("sha256",)),
}
TABLES = tuple(KEYS)
VERBS = {
    "sqlite": ("update", "delete", "insert"),
    "postgresql": ("update", "delete", "truncate"),
}
MESSAGE = "published rows never change"
REMOVED = (
    "NEW.text = '' AND NEW.sha256 = OLD.sha256 AND NEW.size = OLD.size AND EXISTS "
    "(SELECT 1 FROM registry_removal r WHERE r.blob_id = OLD.sha256 "
    "AND r.confirmed_by_id IS NOT NULL AND r.confirmed_by_id <> r.requested_by_id)"
)
# A text that two versions share is inserted again, with OR IGNORE.
SAME_BLOB = "kept.sha256 = NEW.sha256 AND kept.size = NEW.size AND kept.text = NEW.text"


def creating(vendor: str) -> Iterator[str]:
    """The statements that create the triggers. vendor: Django's word for a database."""
    return {"sqlite": _sqlite, "postgresql": _postgresql}[vendor]()


def dropping(vendor: str) -> Iterator[str]:
    """The statements that drop them: to make them anew, and to empty a test's
    database."""
    for table in TABLES:
        on = f" ON {table}" if vendor == "postgresql" else ""
        for verb in VERBS[vendor]:
            yield f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}"


def _sqlite() -> Iterator[str]:
    for table in TABLES:
        is_blob = table == "registry_blob"
        # A removal that moved the row to the rowid of another would replace that one.
        removed = f"WHEN ({REMOVED} AND NEW.rowid = OLD.rowid) IS NOT TRUE"
        conditions = {
            "update": removed if is_blob else "",
            "insert": f"WHEN {_is_kept(table, SAME_BLOB if is_blob else 'FALSE')}",
        }
        for verb in VERBS["sqlite"]:
            yield (
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"{conditions.get(verb, '')} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )


def _is_kept(table: str, same: str) -> str:
    """SQL: a row has a key of the new one, and isn't the ``same``."""
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} kept WHERE "
        + " AND ".join(f"kept.{column} = NEW.{column}" for column in key)
        + f" AND ({same}) IS NOT TRUE)"
        for key in KEYS[table]
    )


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION registry_refuse_change() RETURNS trigger AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$ LANGUAGE plpgsql"
    )
    # PostgreSQL allows no subquery in a trigger's WHEN, so its function has it.
    yield (
        "CREATE OR REPLACE FUNCTION registry_refuse_blob_change() RETURNS trigger AS "
        f"$$ BEGIN IF {REMOVED} THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{MESSAGE}'; END $$ LANGUAGE plpgsql"
    )
    for table in TABLES:
        on_update = "_blob" if table == "registry_blob" else ""
        for verb in VERBS["postgresql"]:
            function = f"registry_refuse{on_update if verb == 'update' else ''}_change"
            each = "STATEMENT" if verb == "truncate" else "ROW"
            yield (
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION {function}()"
            )
