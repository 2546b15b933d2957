"""How the Hub opens SQLite: what was answered is on disk, and nothing is mapped."""

import pytest
from django.db import connection

pytestmark = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="about SQLite's own settings"
)
FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", FULL), ("mmap_size", 0)],
)
def test_a_commit_is_durable_and_the_file_is_never_mapped(db, pragma, value):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)
