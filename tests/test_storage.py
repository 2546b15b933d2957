"""What a registry takes on disk, counted by the database itself."""

import pytest

from bench import storage

pytestmark = [pytest.mark.django_db, pytest.mark.main_flow]


def test_storage_is_counted_by_table_and_function(publish):
    publish()
    publish(version="1.1.0")

    found = storage.measured()

    assert (found["functions"], found["versions"]) == (1, 2)
    assert found["source_bytes"] > 0
    assert found["tables"]["registry_version"]["rows"] >= 8192 / 2
    assert found["tables"]["registry_version"]["indexes"] > 0
    shares = storage.per_function(found)
    assert shares["registry_blob"] == sum(found["tables"]["registry_blob"].values())
    assert "1 functions, 2 versions" in "\n".join(storage.lines(found))


def test_a_million_functions_are_estimated_from_one():
    estimate = storage.cost(25_000)

    assert estimate["gb"] == 25
    assert estimate["disk"] == pytest.approx(25 * 1.5 * storage.DISK_PER_GB_MONTH)
