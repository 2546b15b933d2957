"""Database triggers that keep published rows from changing.

UPDATE and DELETE of versions, version files and blobs fail. One exception: a blob's
text may become empty once its Removal is confirmed. Source: docs/architecture.md, "A
version never changes".
"""

from collections.abc import Iterator

TABLES = ("registry_version", "registry_versionfile", "registry_blob")
MESSAGE = "published rows never change"
REMOVED = (
    "NEW.text = '' AND NEW.sha256 = OLD.sha256 AND NEW.size = OLD.size AND EXISTS "
    "(SELECT 1 FROM registry_removal r WHERE r.blob_id = OLD.sha256 "
    "AND r.confirmed_by_id IS NOT NULL AND r.confirmed_by_id <> r.requested_by_id)"
)


def creating(vendor: str) -> Iterator[str]:
    """The statements that create the triggers. vendor: Django's word for a database."""
    return {"sqlite": _sqlite, "postgresql": _postgresql}[vendor]()


def dropping(vendor: str) -> Iterator[str]:
    """The statements that drop them: to undo the migration, and to empty a test's
    database."""
    for table in TABLES:
        on = f" ON {table}" if vendor == "postgresql" else ""
        for verb in ("update", "delete"):
            yield f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}"


def _sqlite() -> Iterator[str]:
    for table in TABLES:
        unless = f"WHEN NOT ({REMOVED})" if table == "registry_blob" else ""
        for verb, condition in (("update", unless), ("delete", "")):
            yield (
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"{condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
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
        for verb, function in (
            ("update", f"registry_refuse{on_update}_change"),
            ("delete", "registry_refuse_change"),
        ):
            yield (
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {function}()"
            )
