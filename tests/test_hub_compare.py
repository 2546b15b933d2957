"""Two versions of a function, compared on a page."""

import threading
from datetime import UTC, datetime
from random import Random

import pytest
from django.core.cache import caches
from django.test import Client

from hub import differences
from hub.views import compare
from registry.content import comparison, derived
from registry.models import VersionQuarantine

pytestmark = pytest.mark.django_db
FUNCTION = "/functions/alice/image-resizer"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OLD = "import { Hono } from 'hono';\nexport const width = 800;\nexport const a = 1;\n"
NEW = (
    "import { Hono } from 'hono';\nexport const width = 1200;\nexport const a = 1;\n"
    "export const go = () => fetch('https://api.example.com/x');\n"
)


def page_of(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def two(publish):
    """Versions 1.0.0 and 1.1.0, inspected."""
    shown = {"code": None, "npmDependencies": ["hono"]}
    versions = [
        publish(version="1.0.0", files={"index.ts": OLD}, **shown),
        publish(
            version="1.1.0",
            files={"index.ts": NEW, "b.ts": "export const b = 2;\n"},
            envVars=["TOKEN"],
            **shown,
        ),
    ]
    for version in versions:
        derived.make(version.pk)
    return versions


@pytest.mark.parametrize("view", ["unified", "split"])
def test_compare_shows_lines_and_what_differs_within(client, two, view):
    page = page_of(client.get(f"{FUNCTION}/compare/1.0.0...1.1.0?view={view}"))

    assert "<mark>800</mark>;" in page
    assert "<mark>1200</mark>;" in page
    assert 'aria-label="b.ts"' in page
    assert "+2" in page


def test_compare_says_what_is_newly_used(client, two):
    page = page_of(client.get(f"{FUNCTION}/compare/1.0.0...1.1.0"))
    back = page_of(client.get(f"{FUNCTION}/compare/1.1.0...1.0.0"))

    assert "<ins>new</ins> <code>api.example.com</code>" in page
    assert "<ins>new</ins> <code>TOKEN</code>" in page
    assert "<code>envVars</code>" in page
    assert "<del>gone</del> <code>TOKEN</code>" in back


def test_picker_leads_to_the_comparison(client, two):
    chosen = client.get(f"{FUNCTION}/compare?from=1.1.0&to=1.0.0")
    last_step = client.get(f"{FUNCTION}/compare")

    assert chosen["Location"] == f"{FUNCTION}/compare/1.1.0...1.0.0"
    assert last_step["Location"] == f"{FUNCTION}/compare/1.0.0...1.1.0"


def test_same_version_has_no_difference(client, two):
    assert "The same files" in page_of(client.get(f"{FUNCTION}/compare/1.0.0...1.0.0"))


@pytest.mark.parametrize(
    "span", ["1.0.0...9.9.9", "1.0.0", "...", "1.0.0..1.1.0", "<b>...1.0.0"]
)
def test_compare_of_no_version_is_a_404(client, two, span):
    response = client.get(f"{FUNCTION}/compare/{span}")

    assert response.status_code == 404
    assert "<b>" not in page_of(response)


def test_compare_of_one_version_alone_says_so(client, publish):
    publish()

    assert "nothing to compare" in page_of(client.get(f"{FUNCTION}/compare"))


def test_compare_shows_no_bytes_of_a_quarantined_version(client, two, staff):
    mark = {"rule": "secret", "reason": "Holds a password.", "by": staff}
    VersionQuarantine.objects.create(version=two[0], **mark)

    response = client.get(f"{FUNCTION}/compare/1.0.0...1.1.0")

    assert response.status_code == 404
    assert "Holds a password." in page_of(response)
    assert "const width" not in page_of(response)


def test_source_is_text_in_a_comparison(client, publish):
    publish(version="1.0.0", code="export const a = '<script>alert(1)</script>';\n")
    publish(version="1.0.1", code="export const a = '<img onerror=x>\u202e';\n")

    page = page_of(client.get(f"{FUNCTION}/compare/1.0.0...1.0.1"))

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "⟨U+202E⟩" in page


def test_compare_is_honest_when_too_much_changed(client, publish):
    publish(
        version="1.0.0", code="".join(f"export const a{n}=1;\n" for n in range(2000))
    )
    publish(
        version="1.0.1", code="".join(f"export const b{n}=1;\n" for n in range(2000))
    )

    page = page_of(client.get(f"{FUNCTION}/compare/1.0.0...1.0.1"))

    assert "More lines changed than a page can show" in page


def test_compare_costs_the_same_for_many_files(client, publish, queries):
    def put(version, count):
        files = {f"f{n}.ts": f"export const v = '{version}';\n" for n in range(count)}
        files["index.ts"] = "export const a = 1;\n"
        return publish(version=version, code=None, files=files)

    for number, count in [("1.0.0", 1), ("1.1.0", 1), ("2.0.0", 30), ("2.1.0", 30)]:
        derived.make(put(number, count).pk)
    few = queries(client, f"{FUNCTION}/compare/1.0.0...1.1.0")

    assert queries(client, f"{FUNCTION}/compare/2.0.0...2.1.0") == few


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("const width = 800;", "const width = 1200;", ("800", "1200")),
        ("a(b);", "a(b, c);", ("", ", c")),
        ("return one;", "return two;", ("one", "two")),
        ("const total = 1;", "const totals = 1;", ("total", "totals")),
        ("alpha", "omega", ("", "")),
        ("", "x", ("", "")),
    ],
)
def test_what_differs_within_a_line_is_whole_words(old, new, marked):
    (left, right), *_ = differences.paired([["-", 1, None, old], ["+", None, 1, new]])

    for side, expected in zip((left, right), marked, strict=True):
        assert "".join(text for text, differs in side.parts if differs) == expected


def test_replaced_lines_stand_beside_each_other():
    lines = [
        [" ", 1, 1, "same"],
        ["-", 2, None, "old one"],
        ["-", 3, None, "old two"],
        ["+", None, 2, "new one"],
        [" ", 4, 3, "same again"],
        ["+", None, 4, "added"],
    ]

    pairs = differences.paired(lines)

    numbers = [(left.number, right.number) for left, right in pairs]
    assert numbers == [(1, 1), (2, 2), (3, None), (4, 3), (None, 4)]
    kinds = [side.kind for _, _, side in differences.unified(pairs)]
    assert kinds == ["", "removed", "removed", "added", "", "added"]


def test_nothing_is_new_or_gone_where_code_was_not_read(client, publish):
    broken = OLD + "const a = (;\n"
    shown = {"code": None, "npmDependencies": ["hono"]}
    for number, code in [("1.0.0", broken), ("1.1.0", NEW), ("1.2.0", broken)]:
        derived.make(publish(version=number, files={"index.ts": code}, **shown).pk)

    gained = page_of(client.get(f"{FUNCTION}/compare/1.0.0...1.1.0"))
    lost = page_of(client.get(f"{FUNCTION}/compare/1.1.0...1.2.0"))

    assert "The code of 1.0.0 was not read whole" in gained
    assert "used <code>api.example.com</code>" in gained
    assert "<ins>new</ins>" not in gained
    assert "The code of 1.2.0 was not read whole" in lost
    assert "api.example.com</code>" not in lost
    assert "<del>gone</del>" not in lost


# What the worker could not compare

# difflib compares each line with all its likes in the other text, again and again.
SLOW = [f"f({n % 120});\n" for n in range(30_000)]


@pytest.fixture
def slow(publish):
    for name in ("drawn", "local"):
        caches[name].clear()
    return [
        publish(version="1.0.0", code="".join(SLOW)),
        publish(version="1.1.0", code="".join(Random(1).sample(SLOW, len(SLOW)))),
    ]


@pytest.fixture
def asked(monkeypatch):
    """How often the worker was asked to compare."""
    asked, run = [], comparison.sandbox.run

    def counted(function, *args, **how):
        asked.append(function)
        return run(function, *args, **how)

    monkeypatch.setattr(comparison.sandbox, "run", counted)
    return asked


def test_comparison_that_ran_out_of_time_is_not_made_again(client, slow, asked):
    url = f"{FUNCTION}/compare/1.0.0...1.1.0"
    first = page_of(client.get(url))
    comparison.sandbox.run(abs, -1, timeout=60)  # by then its time is up
    asked.clear()

    for query in ("", "?view=split", "?utm=1"):
        again = page_of(client.get(url + query))

        assert "could not be compared" in again
        assert 'aria-label="index.ts"' in again
    assert "could not be compared" in first
    assert asked == []


def test_comparison_that_ran_out_of_time_is_made_again_some_day(
    client, slow, asked, time_machine
):
    time_machine.move_to(NOW)
    url = f"{FUNCTION}/compare/1.0.0...1.1.0"
    client.get(url)
    comparison.sandbox.run(abs, -1, timeout=60)
    time_machine.shift(500)
    client.get(url)
    assert len(asked) == 2

    time_machine.shift(101)
    client.get(url)

    assert len(asked) == 3


def test_readers_of_one_comparison_wait_for_the_same(slow, asked, monkeypatch):
    texts = {each.pk: differences._texts(each) for each in slow}
    monkeypatch.setattr(differences, "_texts", lambda version: texts[version.pk])
    made = []

    def read():
        made.append(differences.compared(*slow))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert len(asked) == 1
    assert {each.reason for each in made} == {made[0].reason}
    assert made[0].reason


def test_what_a_busy_worker_left_out_is_made_soon(
    two, settings, monkeypatch, time_machine
):
    time_machine.move_to(NOW, tick=False)
    settings.PAGE_CACHE_BYTES = 2**20
    for name in ("drawn", "local"):
        caches[name].clear()
    reader, url = Client(), f"{FUNCTION}/compare/1.0.0...1.1.0"
    with monkeypatch.context() as busy:
        busy.setattr(comparison.sandbox, "run", refuse)
        assert b"could not be compared" in reader.get(url).content
    # For a moment nobody waits for a worker that has no time.
    time_machine.shift(4)
    assert b"could not be compared" in reader.get(url).content

    time_machine.shift(2)
    page = reader.get(url).content

    assert b"could not be compared" not in page
    assert b"api.example.com" in page


def refuse(*_, **__):
    raise comparison.sandbox.SandboxBusy()


# --- what it may cost


@pytest.fixture
def limited(settings, time_machine):
    """Limits are on, at 20 seconds past the minute, with nothing counted yet."""
    settings.RATE_LIMITS = True
    time_machine.move_to("2026-03-01T12:00:20Z", tick=False)
    caches["local"].clear()


COMPARED = f"{FUNCTION}/compare/1.0.0...1.1.0"


def test_20_comparisons_a_minute_are_made_for_an_address(two, limited, time_machine):
    def ask(**how):
        return Client().get(COMPARED, **how)

    assert {ask().status_code for _ in range(20)} == {200}
    refused = ask()
    elsewhere = ask(REMOTE_ADDR="192.0.2.7")
    time_machine.shift(40)
    later = ask()

    assert (refused.status_code, refused["Retry-After"]) == (429, "40")
    assert refused["Cache-Control"] == "private, no-store"
    assert refused["RateLimit-Policy"] == '"comparisons";q=20;w=60'
    assert (
        "More than 20 comparisons in a minute. Wait 40 seconds, then try again."
        in page_of(refused)
    )
    assert (elsewhere.status_code, later.status_code) == (200, 200)


def test_comparisons_in_memory_and_those_that_are_none_do_not_count(
    two, limited, settings
):
    settings.PAGE_CACHE_BYTES = 2**20
    client = Client()  # one process
    for _ in range(40):
        assert client.get(COMPARED).status_code == 200
        assert client.get(f"{COMPARED}?unknown=1").status_code == 200
        assert client.get(f"{FUNCTION}/compare/1.0.0...9.9.9").status_code == 404

    others = [client.get(f"{FUNCTION}/compare/1.1.0...1.0.0") for _ in range(19)]

    assert {each.status_code for each in others} == {200}


def test_a_process_makes_two_comparisons_at_once_and_says_so(client, two):
    with compare._places, compare._places:
        refused = client.get(COMPARED)
    after = client.get(COMPARED)

    assert refused.status_code == 503
    assert "Other versions are being compared" in page_of(refused)
    assert after.status_code == 200
