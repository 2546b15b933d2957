"""Published rows never change, whoever asks."""

from contextlib import contextmanager
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from registry import immutability
from registry.models import Blob, Removal, Version
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
