"""The benchmark's own promises: what it seeds is what the verbs would have written."""

import pytest

from bench import document, reporting, seeding, targets
from registry import search
from registry.content import rendering
from registry.models import Function, Rendering, SearchDocument, Version


@pytest.fixture
def seeded(db):
    seeding.seed(200)


def test_seeded_registry_is_whole(seeded):
    assert Function.objects.listed().count() == SearchDocument.objects.count() == 200
    assert Version.objects.count() > 200
    assert list(seeding.faults()) == []


def test_search_over_a_seed_is_made_anew(seeded):
    SearchDocument.objects.filter(names__contains="a").update(names="")

    seeding.seed_search()

    assert not SearchDocument.objects.filter(names="").exists()
    slug = Function.objects.listed().first().slug
    assert slug in [each.slug for each in search.find(slug, sort="relevance").rows]
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


def measured(**figures) -> dict:
    return {"per_second": 100.0, "p50": 1.0, "p99": 2.0, "cpu_ms": 0.5, **figures}


def a_run(functions: int, **parts) -> dict:
    return {
        "at": "2026-11-21T05:00:00+00:00",
        "functions": functions,
        "database": "postgres",
        "measured": {"references": {"constant": measured(per_second=1000.0)}} | parts,
        "memory_mb": {},
        "seconds": {"cold_start": 2.5, "run": 60.0},
        "machine": {
            "processor": "one",
            "cores": 2,
            "memory_gb": 24,
            "load_before": 0.1,
            "python": "3.11",
            "django": "5.2",
            "gunicorn": "27",
        },
        "pace": {"seconds": 2, "rounds": 3},
    }


def judged(run: dict) -> dict:
    found = {target.what: target.of(run) for target in targets.TARGETS}
    return {what: reached for what, reached in found.items() if reached}


def test_targets_say_what_is_met_and_by_how_much_another_is_missed():
    run = a_run(
        1_000,
        kept={"page": measured(per_second=950.0)},
        checked={"page": measured(per_second=250.0)},
        anew={
            "search_rare_alone": measured(p99=12.0),
            "search_typo_alone": measured(p99=30.0),
        },
    )

    found = judged(run)

    assert not found["Function page, in memory"].missed
    assert found["Function page, first time (on disk)"].missed == "50% of it"
    assert found["Slowest search page, one client, p99"].shown == "30.0 ms (typo)"
    assert found["Slowest search page, one client, p99"].missed == "1.5 times as long"
    assert found["Cold start"].missed == "1.2 times as long"
    assert "Memory" not in found


def test_what_took_turns_is_judged_by_that_and_only_beside_its_reference():
    run = a_run(
        1_000,
        kept={"manifest": measured(per_second=800.0, beside=1.1)},
        verdaccio={"manifest": measured(per_second=400.0)},
    )

    found = judged(run)

    assert found["Install manifest, latest"].ratio == 1.1
    assert found["Install manifest"].ratio == 2.0  # times Verdaccio's


def test_document_shows_growth_from_a_thousand_to_a_million(tmp_path, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text("What was learned.\n\n## The last runs\n\nolder\n")
    monkeypatch.setattr(document, "DOCUMENT", page)
    monkeypatch.setattr(document, "PICTURES", tmp_path)
    small = a_run(1_000, anew={"page": measured(), "page_alone": measured()})
    small["seconds"] |= {"seed_rows": 30.0, "seed_search": 90.0}
    large = a_run(
        1_000_000,
        anew={
            "page": measured(cpu_ms=1.0, kilobytes=12.34),
            "page_alone": measured(p50=1.2),
        },
    )

    document.write([small, large])

    text = page.read_text()
    assert text.startswith("What was learned.")
    assert "older" not in text
    assert "1 min with a seed made before (rows 0.5 min, search 1.5 min)" in text
    assert text.count("a seed made before") == 1  # of the other it isn't known
    growth = text.partition("### Growth")[2]
    assert (
        "| function page |  | 12.3 | 0.50 | 1.00 | **2.00** | 1.00 | 1.20 | 1.20 |"
        in (growth)
    )
    assert "<svg" in (tmp_path / "performance-postgres-1000000.svg").read_text()


def test_seed_is_made_again_only_where_its_rows_would_be_others(monkeypatch):
    before = seeding.fingerprints()
    monkeypatch.setattr(rendering, "RENDERER", rendering.RENDERER + 1)

    rows, search = seeding.fingerprints()

    assert rows != before[0]
    assert search == before[1]
