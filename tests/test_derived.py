"""What is derived: together, once, and never lost."""

import threading

import pytest
from django.db import connection

from registry import search
from registry.content import derived
from registry.models import Inspection, Rendering, SearchDocument
from registry.publishing import push as pushed
from tests.conftest import body, make_account


@pytest.fixture
def background(settings, monkeypatch):
    """As on a server; what is scheduled is derived when the test calls this."""
    settings.DERIVE_IN_BACKGROUND = True
    monkeypatch.setattr(derived, "_thread", threading.current_thread())  # it is us
    return lambda: derived.make(*derived._next())


def made(*versions):
    kinds = Rendering.objects.order_by("kind").values_list("kind", flat=True)
    return list(kinds), Inspection.objects.filter(version__in=versions).count()


def test_several_versions_are_made_together(publish):
    one = publish()
    two = publish(name="other", code="export const other = 1;\n")

    derived.make(one.pk, two.pk)

    # The READMEs are the same text.
    assert made(one, two) == (["readme", "typescript", "typescript"], 2)
    assert one.inspection.report["facts"]["exports"][0]["name"] == "answer"
    assert two.inspection.report["facts"]["exports"][0]["name"] == "other"


def test_making_again_changes_nothing(publish):
    version = publish()
    derived.make(version.pk)
    rows = sorted(Rendering.objects.values_list("pk", "html"))

    derived.make(version.pk)

    assert sorted(Rendering.objects.values_list("pk", "html")) == rows
    assert Inspection.objects.count() == 1


def test_many_files_are_more_than_the_worker_takes_at_once(publish):
    files = {f"part{n}.ts": f"export const part{n} = {n};\n" for n in range(49)}
    versions = [
        publish(name=name, files=files, readme=f"# {name}") for name in ("a1", "b1")
    ]

    derived.make(*(version.pk for version in versions))

    assert made(*versions) == (["readme"] * 2 + ["typescript"] * 50, 2)


def test_large_versions_are_made_one_after_the_other(publish, monkeypatch):
    monkeypatch.setattr(derived, "TOGETHER_BYTES", 10)
    versions = [publish(name=name) for name in ("a1", "b1", "c1")]

    assert [len(group) for group in derived._groups(versions)] == [1, 1, 1]
    derived.make(*(version.pk for version in versions))

    assert made(*versions)[1] == 3


def test_search_knows_the_code_once_it_is_derived(publish):
    version = publish(code="export const quaternion = 1;\n")
    assert not search.find("quaternion").rows

    derived.make(version.pk)

    assert [f.pk for f in search.find("code:quaternion").rows] == [version.function_id]


def test_without_a_background_search_is_told_at_once(publish):
    version = publish()

    assert [f.pk for f in search.find("image-resizer").rows] == [version.function_id]


@pytest.mark.django_db(transaction=True)
def test_a_version_that_is_gone_takes_no_other_with_it(background):
    version = _published(make_account("alice"))

    derived.make(version.pk + 1000, version.pk)

    assert made(version)[1] == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_published_is_derived_and_searched_after_the_commit(background):
    alice = make_account("alice")
    version = _published(alice)
    assert made(version) == ([], 0)

    background()

    assert made(version)[1] == 1
    assert search.find("image-resizer").rows[0].pk == version.function_id


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_process_left_behind_is_caught_up(background, settings):
    settings.DERIVE_IN_BACKGROUND = False
    version = _published(make_account("alice"))

    settings.DERIVE_IN_BACKGROUND = True

    assert derived.catch_up() == 1

    background()
    assert made(version) == (["readme", "typescript"], 1)


@pytest.mark.django_db(transaction=True)
def test_search_does_not_wait_for_a_worker_that_is_held_up(background, monkeypatch):
    monkeypatch.setattr(derived, "PATIENCE_SECONDS", 0.01)
    account = make_account("alice")
    one, two = _published(account), _published(account, name="other")
    slow = derived.Future()

    def until_search_was_told():
        while SearchDocument.objects.count() < 2:
            threading.Event().wait(0.01)
        connection.close()
        slow.set_result(None)

    threading.Thread(target=until_search_was_told).start()
    derived._waiting.get()

    derived._wait([slow], [one])

    found = {row.pk for row in search.find("image-resizer").rows}
    assert found == {one.function_id, two.function_id}
    assert made(one, two) == ([], 0)
    background()
    assert made(two)[1] == 1


def _published(account, **changes):
    from registry import publishing

    draft = pushed(body(**changes), by=account, via="cli").draft
    return publishing.publish(draft, by=account, via="cli").version
