"""The search tables are filled again while the Hub runs, and say what they said."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import publishing, search
from registry.content import derived
from registry.models import Function, SearchDocument, SearchSpelling, SearchWord
from registry.search import (
    documents,
    filling,
    rank_keys,
    rows,
    schema,
)
from tests.test_search_index import CSV, slugs


def test_rebuild_makes_the_same_again(publish, capsys):
    derived.make(publish(code="export const parse = 1;\n").pk)
    publish(**CSV)
    before = list(SearchDocument.objects.order_by("pk").values())
    words = set(SearchWord.objects.values_list("word", flat=True))
    SearchDocument.objects.all().delete()
    SearchWord.objects.all().delete()
    assert slugs("image") == []

    call_command("rebuild_search", "--batch=1")

    assert "2 functions can be found" in capsys.readouterr().out
    assert list(SearchDocument.objects.order_by("pk").values()) == before
    assert set(SearchWord.objects.values_list("word", flat=True)) == words
    assert slugs("image") == ["image-resizer"]


def everything():
    """What search knows, but for how often words are used."""
    return (
        list(SearchDocument.objects.order_by("pk").values()),
        sorted(SearchWord.objects.values_list("word", flat=True)),
        sorted(SearchSpelling.objects.values_list("spelling", "word")),
    )


@pytest.mark.django_db(transaction=True)
def test_first_filling_by_processes_writes_what_publishing_wrote(
    publish, alice, monkeypatch
):
    monkeypatch.setattr(filling, "WORTH_PROCESSES", 2)
    monkeypatch.setattr(filling, "FILLED_AT_ONCE", 3)
    monkeypatch.setattr(documents, "HOT_ROWS", 4)
    derived.make(publish(code="export const parse = (fooBar) => fooBar;\n").pk)
    for number in range(8):
        publish(name=f"csv-{number}", license="MIT OR ISC", tags=["rate limit"])
    publishing.yank(publish(**CSV), reason="Leaks.", by=alice, via="admin")
    search.rebuild()
    before = everything()
    counts = dict(SearchWord.objects.values_list("word", "documents"))
    SearchDocument.objects.all().delete()
    SearchWord.objects.all().delete()
    SearchSpelling.objects.all().delete()
    done = []

    assert search.rebuild(progress=done.append) == 10

    assert done == [3, 6, 9, 10]
    assert everything() == before
    assert dict(SearchWord.objects.values_list("word", "documents")) == counts
    assert len(slugs("csv")) == 8
    assert slugs("code:fooBar") == ["image-resizer"]


def test_filling_reads_again_what_changed_meanwhile(publish, monkeypatch):
    first = publish().function
    second = publish(**CSV).function
    SearchDocument.objects.all().delete()
    read = rows.rows_of

    def slow(functions):
        made = read(functions)
        if len(made) == 2:  # while nothing was locked
            search.index(first)  # published again
            Function.objects.filter(pk=second.pk).update(install_count=500)
        return made

    monkeypatch.setattr(rows, "rows_of", slow)

    search.rebuild()

    expected = rank_keys.rank_key_of(second.pk, installs=500, stars=0, is_demoted=False)
    assert SearchDocument.objects.get(pk=second.pk).rank_key == expected
    assert slugs("resize") == ["image-resizer"]
    assert slugs("csv") == ["csv-export"]


def test_joined_names_are_no_words_of_the_dictionary(publish):
    publish(name="rate-limiter", description="Double opt-in.", tags=["send mail"])

    words = set(SearchWord.objects.values_list("word", flat=True))

    assert words >= {"rate", "limiter", "opt", "sendmail"}
    assert words.isdisjoint({"ratelimiter", "optin"})
    assert slugs("ratelimiter") == slugs("optin") == ["rate-limiter"]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite's indexes are never dropped"
)
def test_filling_that_was_broken_off_is_finished(publish):
    publish()
    schema.before_filling(connection)
    assert not schema.is_whole(connection)

    search.rebuild()

    assert schema.is_whole(connection)
    assert slugs("resize") == ["image-resizer"]


def test_rebuild_forgets_words_that_are_gone(publish):
    publish()
    documents.spelling.learn(["leftover"])

    search.rebuild()

    assert not SearchWord.objects.filter(word="leftover").exists()
    assert not SearchSpelling.objects.filter(word="leftover").exists()
    assert SearchWord.objects.get(word="image").documents == 1


def test_popular_tier_keeps_its_size(publish, monkeypatch):
    monkeypatch.setattr(documents, "HOT_ROWS", 3)
    for number in range(6):
        publish(name=f"resize-{number}", tags=[])

    hot = SearchDocument.objects.filter(is_hot=True)

    assert hot.count() == 3
    newest = SearchDocument.objects.order_by("rank_key")[:3]
    assert {d.slug for d in hot} == {d.slug for d in newest}
    assert len(slugs("resize")) == 6
    search.rebuild()
    assert hot.count() == 3


def test_popular_tier_is_counted_for_its_own_functions_alone(publish, monkeypatch):
    monkeypatch.setattr(documents, "HOT_ROWS", 3)
    last, *_, first = [publish(name=f"resize-{n}", tags=[]).function for n in range(6)]

    def counted(function) -> int:
        with CaptureQueriesContext(connection) as queries:
            search.index(function)
        return sum("OFFSET" in query["sql"] for query in queries)

    assert (counted(last), counted(first)) == (0, 1)


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the statistics are SQLite's own"
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_first", [True, False])
def test_rebuild_forgets_statistics_of_small_full_text_tables(publish, is_first):
    publish()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if is_first:
            SearchDocument.objects.all().delete()
        known = []
        search.rebuild(progress=lambda done: known.append(analyzed()))
        known.append(analyzed())
        cursor.execute("DROP TABLE sqlite_stat1")

    while_written, after = known[-2:]
    assert "registry_searchdocument" in after
    assert not [name for name in after if name.startswith("registry_search_")]
    assert (while_written == after) is is_first  # before all of them are written


def analyzed() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl FROM sqlite_stat1")
        return {table for (table,) in cursor.fetchall()}
