"""What is derived: together, once, and never lost."""

import pytest

from registry import search
from registry.content import derived, sandbox
from registry.content.turns import Turns
from registry.models import Inspection, Rendering
from registry.publishing import push as pushed
from tests.conftest import body, make_account

# Highlighting takes quadratic time on such a line: some 2 s for all.
SLOW = ("." * 4999 + "\n") * 8
TOO_LONG = "This text took too long to process."
OVER_BUDGET = "The files of this version take more than 20 seconds."


def slow_files(count, times=1, **files):
    return {f"slow{n}.ts": f"// {n}\n{SLOW * times}" for n in range(count)} | files


@pytest.fixture
def background(settings, monkeypatch):
    """As on a server; what is scheduled is derived when the test calls this."""
    settings.DERIVE_IN_BACKGROUND = True
    monkeypatch.setattr(derived, "_start_threads", lambda: None)  # it is us
    for name in ("_waiting", "_costly"):
        monkeypatch.setattr(derived, name, Turns())
    for name in ("_under_way", "_untold"):
        monkeypatch.setattr(derived, name, set())
    return lambda: derived.make(*derived._next())


@pytest.fixture
def limits(monkeypatch):
    """limits(NAME=seconds): a quick text stays quick on a busy machine, and a slow one
    takes longer than it may."""

    def limits(**seconds):
        for name, value in seconds.items():
            monkeypatch.setattr(derived, f"{name}_SECONDS", value)

    limits(CHEAP_TEXT=1.0, CHEAP=2.0)
    return limits


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
    monkeypatch.setattr(derived, "PATIENCE_SECONDS", 0.0)
    account = make_account("alice")
    one = _published(account)
    derived._next()
    two = _published(account, name="other")
    told = []

    def held_up(*args, **how):
        told.append({row.pk for row in search.find("image-resizer").rows})
        raise sandbox.SandboxTimeout()

    monkeypatch.setattr(derived.rendering, "rendered", held_up)
    derived._first_round([one.pk])

    assert told[0] == {one.function_id, two.function_id}
    assert made(one, two) == ([], 0)
    monkeypatch.undo()
    derived.make(two.pk)
    assert made(two)[1] == 1


# One account's slow texts


@pytest.mark.django_db(transaction=True)
def test_slow_files_of_one_account_do_not_hold_up_another(background, limits):
    alice, bob = make_account("alice"), make_account("bob")
    slow = [
        _published(alice, name=f"slow{n}", files=slow_files(3, **{"n.ts": f"// {n}"}))
        for n in range(4)
    ]
    quick = _published(bob, name="quick")

    costly = derived._first_round(derived._next())

    assert [version for version, _ in costly] == slow
    assert made(quick)[1] == 1
    assert made(*slow)[1] == 0
    page = search.find("quick").rows
    assert [function.pk for function in page] == [quick.function_id]


@pytest.mark.django_db(transaction=True)
def test_who_publishes_much_is_served_in_turn_with_others(background):
    alice, bob = make_account("alice"), make_account("bob")
    many = [_published(alice, name=f"tool{n}x") for n in range(15)]
    one = _published(bob, name="quick")

    first = derived._next()

    assert len(first) == 12
    assert one.pk in first
    assert {*first, *derived._next()} == {one.pk, *(version.pk for version in many)}


def test_turns_take_one_of_each_before_anybody_s_second():
    turns = Turns()
    for who, item in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("b", 6)]:
        turns.put(who, item)

    assert turns.take(4) == [1, 4, 5, 2]
    turns.put("d", 7)
    assert turns.take(9) == [6, 3, 7]
    assert turns.take(9, timeout=0) == []


def test_a_version_costs_no_more_than_its_budget(publish, limits):
    limits(CHEAP_TEXT=0.5, CHEAP=1.0, TEXT=1.0, VERSION=4.0)
    version = publish(
        files=slow_files(6, times=5, **{"small.ts": "export const a = 1;\n"})
    )

    derived.make(version.pk)

    kept = version.files.values_list("path", "blob__renderings__reason")
    reasons = [reason for path, reason in kept if path.startswith("slow")]
    assert {*reasons} <= {TOO_LONG, OVER_BUDGET}
    assert reasons.count(TOO_LONG) <= 3  # of 1 s each, in 3 s
    whole = version.files.filter(blob__renderings__is_complete=True)
    assert {*whole.values_list("path", flat=True)} == {"index.ts", "small.ts"}


def test_what_was_left_out_says_so_on_its_page(publish, limits, client):
    limits(CHEAP_TEXT=0.2, CHEAP=0.4, TEXT=0.5, VERSION=1.0)
    version = publish(files=slow_files(3))

    derived.make(version.pk)

    page = client.get(f"{version.function.url}/source/slow2.ts").content.decode()
    assert "Shown as plain text. The files of this version take more than" in page
    assert "....." in page


def test_no_file_is_left_out_for_the_company_it_had(publish, limits, bob):
    limits(CHEAP_TEXT=0.2, CHEAP=0.4, TEXT=0.5, VERSION=1.0)
    good = "".join(f"export const a{n} = {n};\n" for n in range(1800))
    assert len(good) > len(SLOW) + 10
    version = publish(files=slow_files(3, **{"good.ts": good}))
    derived.make(version.pk)
    rendered = Rendering.objects.filter(blob__text=good)
    assert [row.is_complete for row in rendered] == [False]

    limits(TEXT=10.0, VERSION=20.0)
    derived.make(publish(name="other", by=bob, files={"good.ts": good}).pk)

    assert [row.is_complete for row in rendered.all()] == [True]


def test_a_slow_inspection_is_no_clean_one(publish, limits):
    limits(CHEAP_TEXT=0.01, CHEAP=0.02, TEXT=0.01, VERSION=0.04)
    version = publish(code="export const a = 1;\n" * 20_000)

    derived.make(version.pk)

    assert "too long" in version.inspection.report["incomplete"]
    assert version.inspection.report["facts"]["hosts"] == []


@pytest.mark.django_db(transaction=True)
def test_a_process_that_dies_in_the_second_round_is_caught_up(background, limits):
    limits(CHEAP_TEXT=0.2, CHEAP=0.4, TEXT=0.5, VERSION=1.0)
    version = _published(make_account("alice"), files=slow_files(1))
    ((costly, _),) = derived._first_round(derived._next())
    assert costly == version

    assert derived.catch_up() == 1

    background()
    assert made(version)[1] == 1
    assert derived.catch_up() == 0


@pytest.mark.django_db(transaction=True)
def test_readers_of_a_version_under_way_have_it_made_once(background, client):
    version = _published(make_account("alice"))
    for _ in range(3):
        client.get(f"{version.function.url}/source")

    assert derived._next() == (version.pk,)
    assert derived._waiting.take(9, timeout=0) == []


def _published(account, **changes):
    from registry import publishing

    draft = pushed(body(**changes), by=account, via="cli").draft
    return publishing.publish(draft, by=account, via="cli").version
