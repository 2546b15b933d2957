"""What search knows, kept in step with what is published; and hostile questions."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import errors, publishing, search
from registry.content import derived
from registry.listing.editing import edit_listing, listing_of
from registry.models import Function
from registry.search import (
    browsing,
    engines,
    postgresql,
    rank_keys,
)

CSV = {"name": "csv-export", "description": "CSV.", "tags": ["csv"], "readme": ""}


def slugs(text="", **options):
    options = {"sort": "relevance"} | options
    return [function.slug for function in search.find(text, **options).rows]


def test_publish_is_found_at_once(publish):
    assert slugs("resize") == []

    publish()

    assert slugs("resize") == ["image-resizer"]


def test_new_version_replaces_what_was_said(publish):
    publish()
    publish(version="1.1.0", description="Crop pictures.", readme="# Cropper\n")

    assert slugs("crop") == ["image-resizer"]
    assert slugs("edge") == []


def test_yanked_function_is_found_by_its_name_only(publish, alice):
    version = publish()

    publishing.yank(version, reason="Leaks memory.", by=alice, via="admin")

    assert slugs("resize") == []
    assert slugs("image-resizer") == []
    assert slugs("image-resizer", with_yanked=True) == ["image-resizer"]
    publishing.unyank(version, by=alice, via="admin")
    assert slugs("resize") == ["image-resizer"]


def test_deprecated_function_sinks(publish, alice):
    old = publish(name="resize-image", description="Resize, resize, resize.")
    publish()
    assert slugs("resize")[0] == "resize-image"

    publishing.deprecate(old.function, message="Use the other.", by=alice, via="admin")

    assert slugs("resize") == ["image-resizer", "resize-image"]
    assert slugs("resize-image")[0] == "resize-image"
    publishing.undeprecate(old.function, by=alice, via="admin")
    assert slugs("resize")[0] == "resize-image"


def test_edited_listing_is_found_by_its_new_words(publish, alice):
    function = publish().function
    listing = listing_of(function)
    listing.tags.append("thumbnails")

    edit_listing(function, listing, by=alice, via="admin")

    assert slugs("thumbnail") == ["image-resizer"]
    assert slugs("tag:thumbnails") == ["image-resizer"]


def test_draft_is_not_found(push):
    push()

    assert slugs("image-resizer", with_yanked=True) == []
    assert search.suggest("image") == []


def test_popular_functions_come_first(publish):
    for name in ("resize-one", "resize-two", "resize-six"):
        version = publish(name=name, description="Resize.", tags=[], readme="")
        installs = {"resize-two": 900, "resize-six": 90}.get(name, 0)
        Function.objects.filter(pk=version.function_id).update(install_count=installs)
        search.index(version.function)

    assert slugs("resize") == ["resize-two", "resize-six", "resize-one"]


def test_code_and_what_it_reaches_are_known_once_inspected(publish):
    quiet = publish(code="export function parseDuration(text) { return text; }\n")
    loud = publish(
        name="fetch-feed",
        code='export const feed = () => fetch("https://news.example.org/feed");\n',
    )
    for version in (quiet, loud):
        derived.make(version.pk)

    found = search.find("code:parseDuration(")

    assert [function.slug for function in found.rows] == ["image-resizer"]
    (line,) = found.lines[quiet.function_id]
    assert (line.path, line.number) == ("index.ts", 1)
    assert ("parseDuration(", True) in line.parts
    assert slugs("no:network") == ["image-resizer"]
    assert slugs(no_network=True) == ["image-resizer"]


def test_filters_narrow_each_other(publish, bob):
    publish(license="MIT OR Apache-2.0")
    publish(**CSV, category="database", license="ISC", by=bob)

    for asked in (
        {"license": "mit"},
        {"author": "alice"},
        {"tag": "Image"},
        {"category": "media", "license": "Apache-2.0"},
        {"text": "category:media license:MIT"},
        {"text": "image author:@alice language:TypeScript"},
        {"text": "image", "sort": "name", "category": "media"},
    ):
        assert slugs(**asked) == ["image-resizer"], asked
    assert slugs("image", category="database") == []


def test_facets_count_the_results(publish, bob):
    publish()
    publish(name="image-crop", license="ISC", by=bob, tags=["image", "crop"])
    publish(**CSV, by=bob)

    facets = search.find("image", sort="relevance", want_facets=True).facets

    assert facets["category"] == [("media", 2)]
    assert facets["license"] == [("ISC", 1), ("MIT", 1)]
    assert facets["tag"] == [("image", 2), ("crop", 1)]
    assert "no_dependencies" not in facets or not facets["no_dependencies"]


@pytest.mark.parametrize("sort", ["relevance", "recent", "installs", "stars", "name"])
def test_pages_of_results_show_every_function_once(publish, sort):
    for number in range(25):
        publish(name=f"resize-{number}", tags=[])
    seen, cursor = [], ""

    while True:
        found = search.find("resize", sort=sort, limit=10, cursor=cursor)
        seen += [function.slug for function in found.rows]
        assert found.total == 25
        cursor = found.next
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize("cursor", ["x", "AAAA", "WyJyZWxldmFuY2UiLDBd", "W10", "\0"])
def test_strange_cursor_is_refused(db, cursor):
    with pytest.raises(errors.ValidationError, match="Start without a cursor"):
        search.find("image", sort="relevance", cursor=cursor)


def test_misspelt_words_are_corrected_and_said(publish):
    publish()

    found = search.find("imgae rezizer", sort="relevance")

    assert [function.slug for function in found.rows] == ["image-resizer"]
    assert found.corrected == "image resizer"


def test_some_words_are_better_than_nothing(publish):
    publish()

    found = search.find("resize banana", sort="relevance")

    assert [function.slug for function in found.rows] == ["image-resizer"]
    assert found.is_partial


@pytest.mark.parametrize("sort", ["relevance", "installs", "recent", "name"])
def test_all_that_have_some_words_stand_in_every_order(publish, sort):
    publish()
    publish(**CSV)

    found = search.find("resize csv", sort=sort)

    assert {function.slug for function in found.rows} == {"image-resizer", CSV["name"]}
    assert (found.is_partial, found.total) == (True, 2)


@pytest.mark.parametrize("sort", ["relevance", "installs", "recent", "name"])
def test_some_words_are_enough_though_the_last_one_may_go_on(publish, sort):
    publish()

    found = search.find("unheard imag", sort=sort, want_facets=True)

    assert [function.slug for function in found.rows] == ["image-resizer"]
    assert (found.is_partial, found.total) == (True, 1)
    assert found.facets["category"] == [("media", 1)]
    assert search.marked("image", found.stems) == [("image", True)]


def test_suggestions_come_while_typing(publish):
    publish()
    publish(**CSV)

    for typed in ("i", "ima", "image r", "resi", "image-res", "imgae"):
        assert [f.slug for f in search.suggest(typed)] == ["image-resizer"], typed
    assert search.suggest("") == search.suggest("zzz") == []


HOSTILE = {
    "nul": "image\0resize",
    "quote": 'image" resize',
    "quotes": '"' * 399,
    "operators": 'AND OR NOT NEAR(a b) ^a {a b}: -a + * " ( ) & | ! <-> :* \\',
    "only operators": '"*"()&|!:^-',
    "sql": "'; DROP TABLE registry_function; --",
    "percent": "%_%s%(x)s%%",
    "100 KB": "image " * 17_000,
    "one long word": "x" * 100_000,
    "10,000 words": " ".join(f"w{n}" for n in range(10_000)),
    "emoji": "💩" * 50,
    "bidi": "\u202eimage\u202c \u200b\ufeff",
    "surrogate": "image \ud800",
    "expanding": "\ufdfa" * 400,
    "combining": "i" + "\u0301" * 399,
    "qualifiers": "author: tag: code: license:" + "author:a " * 80,
    "code of nothing": "code:(((",
    "code quote": 'code:"\' OR 1=1 --"',
    "backslashes": "\\" * 400,
    "digits": "１２３ ²³ ① 1e5 -42 1.2.3",
    "cjk": "画像のサイズを変更する",
    "rtl": "صورة תמונה",
    "like": "a" * 30 + "%",
}


@pytest.mark.main_flow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_query_is_answered(publish, text):
    derived.make(publish().pk)

    for sort in ("relevance", "name"):
        found = search.find(text, sort=sort, want_facets=True, tag=text, author=text)
        assert found.rows == []
    search.find(text, sort="relevance", want_facets=True, with_yanked=True)
    search.suggest(text)

    assert Function.objects.count() == 1
    assert slugs("image") == ["image-resizer"]


def test_hostile_listing_is_indexed(publish):
    publish(readme='# "x" \ud7ff\ufdfa \u202e* AND <b> ' + "ﷺ " * 30_000)

    assert slugs("image") == ["image-resizer"]


def test_search_costs_the_same_for_many_functions(publish):
    def cost(text):
        with CaptureQueriesContext(connection) as captured:
            search.find(text, sort="relevance", want_facets=True, limit=5)
        return len(captured)

    for number in range(8):
        publish(name=f"image-{number}")
    texts = ("image", "imgae", "tag:image", "resize nothing", "")
    few = {text: cost(text) for text in texts}
    for number in range(8, 20):
        publish(name=f"image-{number}")

    assert all(cost(text) <= few[text] for text in texts)
    assert max(few.values()) <= 25


def test_rank_key_orders_by_popularity_then_newest():
    def key(pk, installs=0, stars=0, is_demoted=False):
        return rank_keys.rank_key_of(
            pk, installs=installs, stars=stars, is_demoted=is_demoted
        )

    ordered = [key(1, 10**9), key(2, 50, 5), key(3, 50), key(9), key(8)]

    assert ordered == sorted(ordered)
    assert key(9, 10**6, is_demoted=True) > key(1)
    assert key(9, is_demoted=True) >= rank_keys.DEMOTED > key(1)
    assert [rank_keys.function_id_of(p) for p in ordered] == [1, 2, 3, 9, 8]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite streams and has no time-out"
)
def test_search_gives_up_in_time(db):
    with engines.engine().bounded(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("2s",)


def test_installs_and_stars_move_a_function(publish, bob):
    from registry import following

    publish(name="resize-one", tags=[])
    other = publish(name="resize-two", tags=[]).function
    first = publish(name="resize-six", tags=[]).function
    assert slugs("resize")[0] == "resize-six"

    Function.objects.filter(pk=other.pk).update(install_count=30)
    search.reorder([other.pk, first.pk])
    assert slugs("resize")[0] == "resize-two"

    for _ in range(2):
        following.star(first, by=bob, via="hub")
    Function.objects.filter(pk=first.pk).update(install_count=30)
    search.reorder([first.pk])
    assert slugs("resize")[0] == "resize-six"


def test_unknown_filter_is_a_mistake_in_the_program(db):
    with pytest.raises(TypeError, match="no such filter: licence"):
        search.find("image", licence="MIT")


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite streams and has no time-out"
)
def test_search_that_takes_too_long_says_so(db, monkeypatch):
    monkeypatch.setattr(postgresql, "TIMEOUT_MS", 50)

    with (
        pytest.raises(errors.Unavailable, match="took too long"),
        engines.engine().bounded(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(1)")
    with pytest.raises(errors.Unavailable, match="took too long"):
        postgresql._row("SELECT pg_sleep(1)", [])


def test_rebuild_dates_tags_as_their_functions(publish):
    function = publish(tags=["image"]).function
    function.tag_rows.update(updated_at=None)

    search.rebuild()

    (row,) = function.tag_rows.all()
    assert row.updated_at == Function.objects.get().updated_at


@pytest.mark.parametrize("many", [False, True])
def test_tag_is_walked_in_order_of_time(publish, bob, monkeypatch, many):
    monkeypatch.setattr(browsing, "COUNTED_AT_MOST", 3 if many else 100)
    for number in range(7):
        by = bob if number == 3 else None
        publish(name=f"resize-{number}", tags=["edge", "image"], by=by)
    publish(**CSV)
    for filters, expected in (
        ({"tag": "Image"}, [6, 5, 4, 3, 2, 1, 0]),
        ({"tag": "image", "author": "alice"}, [6, 5, 4, 2, 1, 0]),
    ):
        seen, cursor = [], ""
        while True:
            found = search.find(limit=2, cursor=cursor, **filters)
            seen += [int(row.slug[-1]) for row in found.rows]
            assert found.total == (4 if many else len(expected))
            cursor = found.next
            if not cursor:
                break
        assert seen == expected


def test_results_by_relevance_go_on_where_the_page_before_ended(publish):
    for number in range(5):
        publish(name=f"resize-{number}", tags=[])

    first = search.find("resize", sort="relevance", limit=3)
    second = search.find("resize", sort="relevance", limit=3, cursor=first.next)

    assert (len(first.rows), first.total, second.total) == (3, 5, 5)
    assert len({row.pk for row in [*first.rows, *second.rows]}) == 5
    assert not second.next
