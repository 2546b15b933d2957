"""PostgreSQL's tiers of popularity, and a search in one exchange."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import search
from registry.catalog import listed
from registry.models import Function, SearchDocument, SearchWord
from registry.search import documents, facets, finding, places, tiers

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite reads in order and needs no tiers"
)


def popular():
    """The small table and what it was copied from, each as place -> kinds and tags."""
    columns = "place, function_id, category, language, license, has_tables"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, tags, narrow FROM registry_searchpopular ORDER BY place"
        )
        copied = cursor.fetchall()
        names = ", ".join(f"d.{column}" for column in columns.split(", "))
        cursor.execute(
            f"SELECT {names}, ARRAY(SELECT jsonb_array_elements_text(f.tags)), "
            "d.narrow FROM registry_searchdocument d JOIN registry_function f "
            "ON f.id = d.function_id WHERE d.is_hot ORDER BY d.place"
        )
        return copied, cursor.fetchall()


@on_postgresql
def test_popular_are_copied_whatever_changes(publish, monkeypatch):
    monkeypatch.setattr(documents, "HOT_ROWS", 3)
    made = [publish(name=f"csv-{n}", tags=["rate limit"]).function for n in range(5)]
    copied, original = popular()
    assert len(copied) == 3
    assert copied == original
    assert copied[0][6] == ["rate limit"]

    publish(name="csv-4", version="1.1.0", tags=["other"], license="ISC")
    Function.objects.filter(pk=made[0].pk).update(install_count=100)
    search.reorder([made[0].pk])
    documents.settle()
    copied, original = popular()
    assert copied == original
    assert [row[1] for row in copied] == [made[0].pk, made[4].pk, made[3].pk]
    assert copied[1][6] == ["other"]

    SearchDocument.objects.filter(pk=made[4].pk).delete()
    copied, original = popular()
    assert len(copied) == 2
    assert copied == original


@on_postgresql
def test_tiers_find_what_all_of_the_documents_say(publish, monkeypatch):
    monkeypatch.setattr(documents, "HOT_ROWS", 2)
    monkeypatch.setattr(tiers, "WARM_ROWS", 3)
    monkeypatch.setattr(tiers, "WORTH_WARM", 6)
    for number in range(8):
        publish(name=f"csv-{number}", description="Parse lines.", tags=["edge"])
    publish(name="other", description="Nothing.", readme="Lines are parsed here.")
    questions = ("lines", "parse lines", "lin", "parse tag:edge", "csv", "lines here")

    def answers():
        return [
            search.find(text, sort="relevance", want_facets=True, limit=limit)
            for text in questions
            for limit in (1, 3, 5, 20)
        ]

    before = answers()
    tiers.draw_warm(connection)

    assert answers() == before
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'registry_search_warm'"
        )
        edge = SearchDocument.objects.order_by("place")[3].place
        assert f"(place < '{edge}'::bigint)" in cursor.fetchone()[0]


@on_postgresql
def test_page_of_results_is_one_statement(publish):
    for number in range(5):
        publish(name=f"csv-{number}", license="MIT OR ISC")

    with CaptureQueriesContext(connection) as captured:
        found = search.find("csv", sort="relevance", want_facets=True, limit=3)

    assert sum("registry_find(" in query["sql"] for query in captured) == 1
    assert len(captured) == 4  # with its time-out, and the transaction that bounds it
    assert found.facets["license"] == [("ISC", 5), ("MIT", 5)]


def test_functions_of_a_search_are_those_of_lists(publish, alice):
    for number in range(3):
        publish(name=f"csv-{number}")

    found = search.find("csv", sort="relevance", want_facets=True).rows

    expected = listed.in_order([row.pk for row in found], listed.LISTED)
    assert [row._replace(uid=row.id) for row in found] == [
        row._replace(uid=row.id) for row in expected
    ]
    assert len(found) == 3


@pytest.mark.parametrize("sort", ["recent", "installs"])
def test_other_orders_of_too_many_take_popular_ones(publish, monkeypatch, sort):
    monkeypatch.setattr(finding, "COUNTED_AT_MOST", 3)
    monkeypatch.setattr(finding, "SAMPLED", 2)
    monkeypatch.setattr("registry.search.matching.SAMPLED", 2)
    made = [publish(name=f"csv-{number}").function for number in range(6)]
    for number in (1, 4):
        Function.objects.filter(pk=made[number].pk).update(install_count=50 + number)
    search.reorder([function.pk for function in made])

    found = search.find("csv", sort=sort, want_facets=True)

    assert [row.slug for row in found.rows] == ["csv-4", "csv-1"]
    assert found.total > 3
    assert found.facets["language"][0][1] == 2


def test_facets_of_few_count_all_of_them(publish):
    for number in range(4):
        publish(name=f"csv-{number}", license="MIT" if number else "ISC")

    found = search.find("csv", sort="relevance", want_facets=True, limit=1)
    counted = facets.count([d.place for d in SearchDocument.objects.order_by("place")])

    assert found.facets == counted
    assert found.facets["license"] == [("MIT", 3), ("ISC", 1)]
    assert places.function_at(SearchDocument.objects.first().place)


def test_words_of_a_very_name_are_complete(publish):
    publish(name="send-mail", description="Sends.", tags=[], readme="")
    publish(name="other", description="Send to a mailbox.", tags=[], readme="")

    def found(text):
        return [row.slug for row in search.find(text, sort="relevance").rows]

    assert found("send mai") == ["send-mail", "other"]
    assert found("send mail") == ["send-mail"]
    assert sorted(found("mail")) == ["other", "send-mail"]


def test_very_name_finds_readmes_of_the_popular_alone(publish, monkeypatch):
    monkeypatch.setattr(documents, "HOT_ROWS", 2)
    publish(name="send-mail", description="Sends.", tags=[], readme="")
    said = {"description": "Other.", "tags": [], "readme": "How to send a mail."}
    for name in ("by-hand", "quick"):
        publish(name=name, **said)
    publish(name="mail-later", description="Send it later.", tags=[], readme="")
    popular = publish(name="queue", **said).function
    Function.objects.filter(pk=popular.pk).update(install_count=100)
    search.reorder([popular.pk])
    documents.settle()

    def found(text, **wanted):
        made = search.find(text, sort="relevance", want_facets=True, **wanted)
        assert sum(many for _, many in made.facets["language"]) == made.total
        return [row.slug for row in made.rows], made.total

    meant = ["send-mail", "mail-later", "queue"]
    assert found("send mail") == (meant, 3)
    assert found("send mail", limit=1) == (meant[:1], 3)
    assert found("send mail", language="typescript") == (meant, 3)
    assert sorted(row.slug for row in search.find("send mail", sort="name").rows) == (
        sorted(meant)
    )
    others = ["by-hand", "mail-later", "queue", "quick", "send-mail"]
    assert sorted(found("mail send ")[0]) == others


def test_facets_count_popular_and_others_alike(publish):
    for number in range(4):
        tags = ["rate limit", f"t{number}"]
        publish(name=f"csv-{number}", license="MIT OR ISC", tags=tags)
    ordered = [document.place for document in SearchDocument.objects.order_by("place")]
    before = facets.count(ordered)
    assert before["tag"] == [("rate limit", 4), *((f"t{n}", 1) for n in range(4))]
    assert before["license"] == [("ISC", 4), ("MIT", 4)]

    for popular in (2, 0):
        others = SearchDocument.objects.filter(place__in=ordered[popular:])
        others.update(is_hot=False)
        assert facets.count(ordered) == before


@on_postgresql
def test_scarce_word_finds_what_the_index_finds(publish):
    for number in range(4):
        publish(name=f"zebra-{number}", description="Parse.", tags=[], readme="")
        publish(name=f"csv-{number}", description="Parse lines.", tags=[], readme="")
    publish(name="zebra-parse", description="Lines.", tags=[], readme="")

    def answers():
        texts = ("zebra parse", "parse zebra ", "parse zebra lines", "zebra pars")
        return [
            [row.slug for row in search.find(text, sort=sort, limit=limit).rows]
            for text in texts
            for sort in ("relevance", "name")
            for limit in (2, 20)
        ]

    before = answers()
    assert len(before[1]) == 5
    SearchWord.objects.update(documents=1_000)
    for documents_ in (1, 5_000):  # then the other words are scarce
        SearchWord.objects.filter(word__in=["zebra", "zebras"]).update(
            documents=documents_
        )
        assert answers() == before


@on_postgresql
def test_word_that_is_less_scarce_than_it_seemed_is_looked_up(publish):
    publish(name="zebra-parse", description="Lines.", tags=[], readme="")
    with connection.cursor() as cursor:
        cursor.execute(tiers._read("steps.sql").replace("3000", "1"))
        cursor.execute(
            "SELECT cardinality(registry_look_narrow("
            "to_tsquery('registry_words', 'zebra & parse'),"
            "to_tsquery('registry_words', 'zebra')))"
        )
        assert cursor.fetchone() == (1,)


@on_postgresql
def test_very_name_of_many_believes_the_fairly_popular(publish, monkeypatch):
    """A thousand and more are not counted one by one where the warm tier has enough."""
    monkeypatch.setattr(documents, "HOT_ROWS", 1)
    monkeypatch.setattr(tiers, "WARM_ROWS", 4)
    monkeypatch.setattr(tiers, "WORTH_WARM", 6)
    monkeypatch.setattr(finding, "COUNTED_AT_MOST", 3)
    publish(name="send-mail", description="Sends.", tags=[], readme="")
    for number in range(9):
        publish(name=f"later-{number}", description="Send mail.", tags=[], readme="")
    documents.settle()

    def answers():
        found = [search.find("send mail", sort="relevance", limit=n) for n in (1, 3)]
        return [([row.slug for row in page.rows], page.total) for page in found]

    before = answers()
    assert before == [(["send-mail"], 4), (["send-mail", "later-8", "later-7"], 4)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_searchdocument")
    SearchWord.objects.update(documents=10)
    tiers.draw_warm(connection)
    assert answers() == before
