"""Published rows never change, whoever asks."""

from contextlib import contextmanager
from importlib import import_module
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from registry import immutability
from registry.models import Blob, Removal, Version, VersionFile
from tests.conftest import without_triggers
from tests.postgres_servers import PROGRAMS, Server

pytestmark = [pytest.mark.django_db, pytest.mark.main_flow]


def refused(sql):
    with (
        pytest.raises(DatabaseError, match="published rows never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    return True


RAW_CHANGES = (
    "UPDATE registry_version SET number = '9.9.9'",
    "UPDATE registry_version SET manifest = manifest",
    "DELETE FROM registry_version",
    "UPDATE registry_versionfile SET path = 'evil.ts'",
    "DELETE FROM registry_versionfile",
    "UPDATE registry_blob SET text = 'evil'",
    "UPDATE registry_blob SET text = ''",
    "DELETE FROM registry_blob",
)


# A statement that replaces a row deletes it without asking the triggers of DELETE.
VERSION_COLUMNS = (
    "function_id, number, precedence, sort_key, is_prerelease, manifest, readme_id, "
    "integrity, size, draft_uid, published_by, via, published_at"
)
EVIL_VERSION = VERSION_COLUMNS.replace("integrity", "'evil'")
REPLACEMENTS = (
    # By the primary key, as a number and as the text of one.
    f"REPLACE INTO registry_version (id, {VERSION_COLUMNS}) "
    f"SELECT id, {EVIL_VERSION} FROM registry_version",
    f"INSERT OR REPLACE INTO registry_version (id, {VERSION_COLUMNS}) "
    f"SELECT CAST(id AS text), {EVIL_VERSION} FROM registry_version",
    "REPLACE INTO registry_versionfile (id, version_id, path, blob_id) "
    "SELECT id, version_id, 'evil.ts', blob_id FROM registry_versionfile",
    "REPLACE INTO registry_blob (sha256, size, text) "
    "SELECT sha256, size, 'evil' FROM registry_blob",
    "REPLACE INTO registry_blob (sha256, size, text) "
    "SELECT sha256, size + 1, text FROM registry_blob",
    "REPLACE INTO registry_blob (sha256, size, text) "
    "SELECT sha256, size, CAST(text AS blob) FROM registry_blob",
    # By another unique key.
    f"REPLACE INTO registry_version ({VERSION_COLUMNS}) "
    f"SELECT {EVIL_VERSION} FROM registry_version",
    "REPLACE INTO registry_versionfile (version_id, path, blob_id) "
    "SELECT version_id, path, (SELECT max(sha256) FROM registry_blob) "
    "FROM registry_versionfile",
    # By the row's number, which SQLite has beside a key of text.
    "REPLACE INTO registry_blob (rowid, sha256, size, text) "
    "SELECT rowid, 'evil', 4, 'evil' FROM registry_blob",
    # By an update.
    "UPDATE OR REPLACE registry_version SET id = id + 1",
    "UPDATE OR REPLACE registry_versionfile SET path = 'index.ts'",
    "UPDATE OR REPLACE registry_blob SET text = NULL",
    # By an insert that becomes an update.
    "INSERT INTO registry_blob (sha256, size, text) "
    "SELECT sha256, size, text FROM registry_blob WHERE true "
    "ON CONFLICT (sha256) DO UPDATE SET text = 'evil'",
)
UPSERTS = (
    f"INSERT INTO registry_version ({VERSION_COLUMNS}) "
    f"SELECT {VERSION_COLUMNS} FROM registry_version WHERE true "
    "ON CONFLICT (function_id, precedence) DO UPDATE SET integrity = 'evil'",
    "INSERT INTO registry_versionfile (version_id, path, blob_id) "
    "SELECT version_id, path, blob_id FROM registry_versionfile WHERE true "
    "ON CONFLICT (version_id, path) DO UPDATE SET path = 'evil.ts'",
    "INSERT INTO registry_blob (sha256, size, text) "
    "SELECT sha256, size, text FROM registry_blob WHERE true "
    "ON CONFLICT (sha256) DO UPDATE SET text = 'evil'",
)
TRUNCATES = (
    "TRUNCATE registry_versionfile",
    "TRUNCATE registry_version CASCADE",
    "TRUNCATE registry_blob CASCADE",
    # Of tables that published rows refer to.
    "TRUNCATE registry_function CASCADE",
    "TRUNCATE accounts_account CASCADE",
)


def check_foreign_keys():
    """Now, not at the commit: PostgreSQL truncates no table with checks to come."""
    connection.check_constraints()


def published_rows():
    """Every row of the protected tables."""
    rows = []
    for table in immutability.TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
            rows += cursor.fetchall()
    return rows


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL can't replace a row"
)
@pytest.mark.parametrize("change", REPLACEMENTS)
def test_sqlite_replaces_no_published_row(publish, change):
    publish()
    before = published_rows()

    assert refused(change)
    assert published_rows() == before


@pytest.mark.parametrize("change", UPSERTS)
def test_an_insert_that_becomes_an_update_is_refused(publish, change):
    publish()
    before = published_rows()

    assert refused(change)
    assert published_rows() == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("change", TRUNCATES)
def test_postgresql_truncates_no_published_table(publish, change):
    publish()
    before = published_rows()
    check_foreign_keys()

    assert refused(change)
    assert published_rows() == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's row numbers")
def test_emptying_a_removed_blob_replaces_no_other(publish, staff, bob):
    publish()
    blob, other = Blob.objects.order_by("size")
    Removal.objects.create(
        blob=blob, reason="leaked", requested_by=staff, confirmed_by=bob
    )
    before = published_rows()

    assert refused(
        "UPDATE OR REPLACE registry_blob SET text = '', rowid = (SELECT rowid FROM "
        f"registry_blob WHERE sha256 = '{other.pk}') WHERE sha256 = '{blob.pk}'"
    )
    assert published_rows() == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a trigger of SQLite's")
def test_a_removed_text_does_not_come_back_by_an_insert(publish, staff, bob):
    publish()
    blob = Blob.objects.order_by("size").last()
    Removal.objects.create(
        blob=blob, reason="leaked", requested_by=staff, confirmed_by=bob
    )
    Blob.objects.filter(pk=blob.pk).update(text="")

    assert refused(
        "INSERT OR REPLACE INTO registry_blob (sha256, size, text) "
        f"VALUES ('{blob.pk}', {blob.size}, 'evil')"
    )
    assert Blob.objects.get(pk=blob.pk).text == ""


def test_a_text_that_is_there_already_is_inserted_again_without_a_change(publish):
    publish()
    before = published_rows()

    Blob.objects.bulk_create(list(Blob.objects.all()), ignore_conflicts=True)
    publish(version="1.1.0")  # of the same texts

    assert published_rows()[-2:] == before[-2:]
    assert Blob.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Blob.objects.first().save(force_insert=True)


@pytest.mark.parametrize("model", [Version, VersionFile, Blob])
def test_the_triggers_know_every_unique_key(model):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table).values()
    unique = {
        tuple(each["columns"])
        for each in found
        if each["unique"] or each["primary_key"]
    }

    assert unique | {("rowid",)} == {*immutability.KEYS[table], ("rowid",)}


def test_a_database_of_an_earlier_release_gets_the_triggers_it_lacks(publish):
    migration = import_module("registry.migrations.0021_published_rows_never_replaced")
    publish()
    before = published_rows()
    check_foreign_keys()
    lacking = "insert" if connection.vendor == "sqlite" else "truncate"
    with connection.cursor() as cursor:
        for table in immutability.TABLES:
            on = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER {table}_no_{lacking}{on}")

    migration.install(None, connection.schema_editor())

    for change in REPLACEMENTS if connection.vendor == "sqlite" else TRUNCATES:
        assert refused(change)
    for change in RAW_CHANGES:
        assert refused(change)
    assert published_rows() == before


@pytest.mark.parametrize("change", RAW_CHANGES)
def test_raw_sql_can_not_change_published_rows(publish, change):
    publish()

    assert refused(change)


def test_triggers_that_were_dropped_and_created_again_refuse_as_before(publish):
    publish()
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_blob SET size = size")

    for change in RAW_CHANGES:
        assert refused(change)


def test_a_version_can_not_be_saved_again(publish):
    version = publish()
    version.number = "2.0.0"

    with pytest.raises(TypeError, match="never changes"):
        version.save()


def test_a_number_can_not_be_inserted_twice(publish):
    version = publish()
    twin = Version(
        **{f.attname: getattr(version, f.attname) for f in Version._meta.fields}
    )
    twin.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_a_blob_is_emptied_only_with_a_removal_that_two_staff_members_confirmed(
    publish, staff, bob
):
    publish()
    blob = Blob.objects.order_by("size").last()
    empty = f"UPDATE registry_blob SET text = '' WHERE sha256 = '{blob.pk}'"
    removal = Removal.objects.create(blob=blob, reason="leaked", requested_by=staff)
    assert refused(empty)

    with pytest.raises(IntegrityError), transaction.atomic():
        Removal.objects.filter(pk=removal.pk).update(confirmed_by=staff)
    Removal.objects.filter(pk=removal.pk).update(
        confirmed_by=bob, confirmed_at=timezone.now()
    )
    assert refused(empty.replace("''", "'evil'"))
    assert refused(empty.replace("text = ''", "text = '', size = 0"))
    with connection.cursor() as cursor:
        cursor.execute(empty)

    blob.refresh_from_db()
    assert blob.text == ""
    call_command("verify_registry", stdout=StringIO())


@contextmanager
def without_the_check_of_removals():
    """A removal may name one person twice within this, so that the trigger is alone."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            try:
                yield
            finally:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "ALTER TABLE registry_removal "
                "DROP CONSTRAINT removal_confirmed_by_another"
            )
            yield


def test_the_trigger_lets_no_one_both_ask_for_and_confirm_a_removal(publish, staff):
    publish()
    blob = Blob.objects.order_by("size").last()
    empty = f"UPDATE registry_blob SET text = '' WHERE sha256 = '{blob.pk}'"
    with without_the_check_of_removals(), transaction.atomic():
        Removal.objects.create(
            blob=blob,
            reason="leaked",
            requested_by=staff,
            confirmed_by=staff,
            confirmed_at=timezone.now(),
        )
        assert refused(empty)
        transaction.set_rollback(True)

    blob.refresh_from_db()
    assert blob.text


def test_a_confirmed_removal_lets_its_blob_be_emptied_and_nothing_else(
    publish, staff, bob
):
    publish()
    blob, other = Blob.objects.order_by("-size")
    Removal.objects.create(
        blob=blob,
        reason="leaked",
        requested_by=staff,
        confirmed_by=bob,
        confirmed_at=timezone.now(),
    )

    one = f"WHERE sha256 = '{blob.pk}'"
    assert refused("UPDATE registry_blob SET text = ''")
    assert refused(
        f"UPDATE registry_blob SET text = '' WHERE sha256 = '{other.pk}'",
    )
    assert refused(f"UPDATE registry_blob SET text = '', sha256 = 'x' {one}")
    assert refused(f"UPDATE registry_blob SET text = ' ' {one}")
    assert refused(f"DELETE FROM registry_blob {one}")
    assert refused("UPDATE registry_version SET number = '9.9.9'")
    assert refused("DELETE FROM registry_versionfile")


# --- PostgreSQL, whichever database the Hub under test has

TABLES = """
CREATE TABLE registry_version (id int, number text);
CREATE TABLE registry_versionfile (id int, path text);
CREATE TABLE registry_blob (sha256 text, size int, text text);
CREATE TABLE registry_removal (blob_id text, requested_by_id int, confirmed_by_id int);
INSERT INTO registry_version VALUES (1, '1.0.0');
INSERT INTO registry_versionfile VALUES (1, 'index.ts');
INSERT INTO registry_blob VALUES ('a', 1, 'x'), ('b', 1, 'y'), ('c', 1, 'z');
INSERT INTO registry_removal VALUES ('a', 1, 2), ('b', 1, 1), ('c', 1, NULL);
"""
CHANGES = (
    "UPDATE registry_version SET number = '9.9.9'",
    "DELETE FROM registry_version",
    "UPDATE registry_versionfile SET path = 'evil.ts'",
    "DELETE FROM registry_versionfile",
    "DELETE FROM registry_blob",
    "UPDATE registry_blob SET text = 'evil' WHERE sha256 = 'a'",
    "UPDATE registry_blob SET text = '', size = 0 WHERE sha256 = 'a'",
    "UPDATE registry_blob SET text = '', sha256 = 'd' WHERE sha256 = 'a'",
    "UPDATE registry_blob SET text = '' WHERE sha256 = 'b'",
    "UPDATE registry_blob SET text = '' WHERE sha256 = 'c'",
    "TRUNCATE registry_blob",
    "TRUNCATE registry_versionfile, registry_version",
)


@pytest.fixture(scope="module")
def postgresql():
    """A server with the tables that the triggers are about."""
    server = Server()
    try:
        server.initialise()
        server.start()
        server.execute(TABLES)
        yield server
    finally:
        server.remove()


@pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's programs are not here")
def test_triggers_of_postgresql_refuse_all_but_a_removal_and_can_be_dropped(postgresql):
    for statement in immutability.creating("postgresql"):
        postgresql.execute(statement)

    for change in CHANGES:
        with pytest.raises(psycopg.DatabaseError, match="published rows never change"):
            postgresql.execute(change)
    postgresql.execute("UPDATE registry_blob SET text = '' WHERE sha256 = 'a'")
    emptied = postgresql.execute("SELECT text, size FROM registry_blob ORDER BY sha256")
    assert emptied == ("", 1)

    for statement in immutability.dropping("postgresql"):
        postgresql.execute(statement)
    for change in CHANGES:
        postgresql.execute(change)
