"""Kept lists: always what Django would make now, of the reading that was compared."""

from collections import Counter

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from core.cache import freshness
from hub import kept
from registry import publishing
from registry.models import Category
from tests import test_kept_pages as pages
from tests.wsgi_front import ask

django, process, scene = pages.django, pages.process, pages.scene  # fixtures
API = "/api/community/functions"
KEPT = {
    "home": ("/", ""),
    "browse": ("/functions/", ""),
    "most installed": ("/functions/", "sort=installs"),
    "category": ("/categories/media", ""),
    "tag": ("/tags/image", ""),
    "author": ("/users/alice", ""),
    "words": ("/functions/", "q=resize"),
    "its very name": ("/functions/", "q=image-resizer"),
    "words of a README": ("/functions/", "q=edited"),
    "words by stars": ("/functions/", "q=resize&sort=stars"),
    "narrowed": ("/functions/", "language=typescript&no_network=1"),
    "code": ("/functions/", "q=code:answer"),
    "nothing": ("/functions/", "q=zzzz"),
    "suggestions": ("/functions/suggest", "q=ima"),
    "API": (API, "sort=installs&limit=5"),
    "API search": (API, "search=resize&category=media&tag=image"),
}
# Django answers these itself each time.
NOT_KEPT = {
    "no such category": ("/categories/nothing", ""),
    "no such author": ("/users/nobody", ""),
    "no such page": ("/functions/", "cursor=x"),
    "NUL": ("/functions/", "q=%00"),
    "no such order": (API, "sort=x"),
}


def another_function(publish, **_):
    publish(name="image-crop", description="Resize by cropping.")


def yank_all(function, alice, **_):
    for version in function.versions.all():
        publishing.yank(version, reason="Broken badly.", by=alice, via="admin")


def show_a_name(**_):
    Account.objects.filter(username="alice").update(display_name="Alice B.")
    freshness.touch()


def describe_category(**_):
    Category.objects.filter(slug="media").update(description="Sounds and sights.")
    freshness.touch()


def order_categories(**_):
    Category.objects.filter(slug="media").update(position=0)
    freshness.touch()


LIST_CHANGES = [
    *pages.CHANGES,
    another_function,
    yank_all,
    show_a_name,
    describe_category,
    order_categories,
]


@pytest.mark.parametrize("change", LIST_CHANGES, ids=lambda change: change.__name__)
def test_every_kept_list_follows(
    change, scene, process, publish, alice, bob, staff, client
):
    one, without_memory = process(), process(max_bytes=0)

    def warm():
        for address in KEPT.values():
            for front in (one, without_memory):
                ask(front, *address)

    warm()
    change(
        function=scene, publish=publish, alice=alice, bob=bob, staff=staff, between=warm
    )

    for name, address in (KEPT | NOT_KEPT).items():
        expected = ask(WSGIHandler(), *address)
        for front in (one, without_memory):
            assert ask(front, *address) == expected, name


@pytest.mark.parametrize("address", KEPT.values(), ids=KEPT.keys())
def test_a_list_is_made_of_what_was_read_to_compare_it(address, scene, process, django):
    front = process(max_bytes=0)

    made, given = queries(front, address), queries(front, address)

    assert django.asked == 1
    if isinstance(kept.asked(*address).fingerprint(), tuple):
        return  # one statement says it, past Django's cursors
    assert given
    # READMEs are compared by their hashes, and read where they are shown. (Django can't
    # write down the query for them on PostgreSQL.)
    assert [sql for sql in made - given if sql and "registry_blob" not in sql] == []


def queries(front, address) -> Counter:
    with CaptureQueriesContext(connection) as captured:
        assert ask(front, *address)[0] == "200 OK"
    return Counter(query["sql"] for query in captured)


@pytest.mark.parametrize("address", NOT_KEPT.values(), ids=NOT_KEPT.keys())
def test_refusals_are_not_kept(address, scene, process, django):
    ask(process(), *address)
    ask(process(), *address)

    assert django.asked == 2
