"""The benchmark's own promises: what it seeds is what the verbs would have written."""

import pytest

from bench import reporting, seeding
from registry import rendering
from registry.models import Function, Rendering, SearchDocument, Version


@pytest.fixture
def seeded(db):
    seeding.seed(200)


def test_seeded_registry_is_whole(seeded):
    assert Function.objects.listed().count() == SearchDocument.objects.count() == 200
    assert Version.objects.count() > 200
    assert list(seeding.faults()) == []


def test_check_finds_a_wrong_counter(seeded):
    function = Function.objects.select_related("category").first()
    function.category.function_count += 1
    function.category.save()

    assert [fault.split(":")[0] for fault in seeding.faults()] == [
        f"category {function.category.slug}"
    ]


def test_seeded_function_can_be_read_and_installed(seeded, client):
    function = Function.objects.select_related("owner").first()

    page = client.get(function.url)
    install = client.get(f"/api/community/functions/{function.path}/install")

    assert function.description.split()[0] in page.content.decode()
    assert install.json()["integrity"] == function.latest.integrity


def test_seeded_html_is_what_rendering_the_text_gives(seeded):
    shown = Rendering.objects.select_related("blob").order_by("pk")

    for made in [
        *shown.filter(kind=rendering.README)[:3],
        *shown.exclude(kind=rendering.README)[:3],
    ]:
        text = made.blob.text
        again = (
            rendering.readme_html(text)
            if made.kind == rendering.README
            else rendering.source_html(text, made.kind)
        )
        assert made.html == again


def test_table_shows_ratios_of_the_same_run():
    row = {"p50": 1.0, "p99": 2.0, "cpu_ms": 0.5, "errors": 0}
    run = {
        "functions": 200,
        "database": "sqlite",
        "measured": {
            "references": {"constant": row | {"per_second": 1000.0}},
            "gunicorn": {"manifest": row | {"per_second": 1500.0, "errors": 3}},
        },
        "memory_mb": {"hub": {"resident": 200.0, "proportional": 120.0}},
        "seconds": {"cold_start": 1.5},
    }

    manifest = next(
        line for line in reporting.table(run).splitlines() if "manifest" in line
    )

    assert manifest.split() == ["manifest", "1,500", "1.50", "1.00", "2.00", "0.50"] + [
        "3",
        "errors",
    ]
