"""The documentation, held against the code."""

import re
from pathlib import Path

import pytest

import api.urls  # noqa: F401  (declares the endpoints)
from api import reference
from registry import errors, paths
from registry.names import MAX_SLUG_CHARACTERS, MIN_SLUG_CHARACTERS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def read(name):
    return (DOCS / name).read_text()


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize(
    "error", list(subclasses(errors.RegistryError)), ids=lambda e: e.__name__
)
def test_every_error_is_documented(error):
    assert f"| `{error.code}` | {error.status} |" in read("errors.md")
    assert error.fix


def test_no_error_is_documented_that_does_not_exist():
    documented = set(re.findall(r"^\| `([A-Z_0-9]+)` \| \d+", read("errors.md"), re.M))

    assert documented == {e.code for e in subclasses(errors.RegistryError)}


def settings_read():
    """Every environment variable the Hub reads."""
    calls = r"""(?:env(?:_\w+|\.\w+)?|environ\.get)\(\s*["']([A-Z_]+)["']"""
    sources = [*(ROOT / "config").glob("*.py"), ROOT / "registry/content/sandbox.py"]
    return {name for path in sources for name in re.findall(calls, path.read_text())}


@pytest.mark.parametrize("name", sorted(settings_read()))
def test_every_setting_is_documented(name):
    assert f"| `{name}` |" in read("settings.md")
    assert f"#{name}=" in (ROOT / ".env.example").read_text()


def test_no_setting_is_documented_that_does_not_exist():
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", read("settings.md"), re.M))

    assert documented == settings_read()


def test_the_table_of_endpoints_is_the_code_s():
    assert reference.table() in read("api.md")


@pytest.mark.django_db
def test_the_page_of_endpoints_is_the_code_s():
    """`manage.py write_docs` writes it."""
    assert read("endpoints.md") == reference.page()


def test_the_limits_are_the_code_s():
    text = read("manifest.md")

    assert f"| files | {paths.MAX_FILES} |" in text
    assert f"| one file | {paths.MAX_FILE_BYTES // 1024} KiB |" in text
    assert f"| all files | {paths.MAX_TOTAL_BYTES // 1024**2} MiB |" in text
    assert f"| README | {paths.MAX_README_BYTES // 1024} KiB |" in text
    assert f"{MIN_SLUG_CHARACTERS} to {MAX_SLUG_CHARACTERS} characters" in text


@pytest.mark.parametrize(
    "page", sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")]), ids=lambda p: p.name
)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|/|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_files_named_in_the_architecture_exist():
    named = re.findall(r"`((?:\w+/)+[\w.]*)`", read("architecture.md"))

    assert len(named) > 15
    missing = [
        name
        for name in named
        if not any((ROOT / base / name).exists() for base in ("", "registry"))
    ]
    assert missing == []
