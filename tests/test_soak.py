"""What the soak looks for when it is over: lost answers and wrong counts are found."""

import pytest
from django.db import connection

from bench import soak_actors
from registry import following
from registry.models import Category, Function
from tests.conftest import CODE

ANSWERED = {"alice/image-resizer@1.0.0": CODE}


@pytest.fixture
def function(publish, bob):
    function = publish().function
    following.star(function, by=bob, via="admin")
    return function


def test_a_registry_that_is_whole_has_no_fault(function):
    assert list(soak_actors.faults(ANSWERED)) == []


def test_a_lost_answer_and_another_code_are_faults(function):
    lost = {"alice/image-resizer@1.0.1": CODE}
    other = {"alice/image-resizer@1.0.0": "other"}

    assert "is lost" in next(soak_actors.faults(lost))
    assert "another code" in next(soak_actors.faults(other))


def test_wrong_counts_are_faults(function):
    Function.objects.update(star_count=7)
    Category.objects.update(function_count=7)

    found = "\n".join(soak_actors.faults({}))
    assert "7 stars" in found
    assert "counts 7 functions" in found


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL has no such check"
)
def test_an_index_that_lost_a_document_is_a_fault(function):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registry_search_wide_data WHERE id > 10")

    assert any("registry_search_wide" in each for each in soak_actors.faults({}))


def test_an_actor_does_what_the_rules_allow(function, capsys):
    soak_actors.act(1, "test")

    assert capsys.readouterr().out.startswith("{")
    assert list(soak_actors.faults(ANSWERED)) == []
