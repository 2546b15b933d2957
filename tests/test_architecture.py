"""The house rules that a syntax tree can show."""

import ast
from pathlib import Path

import pytest

from registry import publishing

ROOT = Path(__file__).resolve().parent.parent
# What each part may import of the others (docs/architecture.md, "Who may call whom").
MAY_IMPORT = {
    "accounts": set(),
    "registry": {"accounts"},
    "hub": {"registry", "accounts"},
    "admin_portal": {"registry", "accounts"},
    "api": {"registry", "accounts"},
    "cli": set(),
}
PARTS = set(MAY_IMPORT) | {"config"}
MODULES = [
    path
    for part in MAY_IMPORT
    for path in sorted((ROOT / part).rglob("*.py"))
    if "build" not in path.parts
]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def names_called(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_imports_only_what_its_part_may(path):
    part = path.relative_to(ROOT).parts[0]
    used = {name.split(".")[0] for name in imports(path)} & PARTS

    assert used - {part} <= MAY_IMPORT[part]


def test_only_rendering_marks_text_as_safe():
    marking = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if any(
            name.endswith(("mark_safe", "SafeString")) for name in names_called(path)
        )
    ]

    assert marking == ["registry/content/rendering.py"]


def test_pages_never_mark_text_as_safe():
    marking = [
        str(path)
        for path in (ROOT / "templates").rglob("*.html")
        if any(word in path.read_text() for word in ("|safe", "autoescape off"))
    ]

    assert marking == []


def test_the_registry_knows_no_request():
    knowing = [
        path.name
        for path in MODULES
        if path.is_relative_to(ROOT / "registry")
        for name in imports(path)
        if name in ("django.http", "django.shortcuts", "django.urls", "django.views")
    ]

    assert knowing == []


def test_nothing_listens_to_signals_of_models():
    listening = [
        str(path)
        for path in MODULES
        if any(name.startswith("django.db.models.signals") for name in imports(path))
    ]

    assert listening == []


@pytest.mark.parametrize("name", publishing.__all__)
def test_every_public_verb_is_described(name):
    described = getattr(publishing, name).__doc__

    assert described
    assert described.strip().partition("\n\n")[0].endswith(".")


def test_sockets_of_the_command_are_in_its_client_alone():
    networks = {"httpx2", "socket", "urllib.request", "http.client", "requests"}
    using = {
        path.name
        for path in (ROOT / "cli").rglob("*.py")
        if networks & set(imports(path))
    }

    assert using <= {"client.py"}
