"""docs/admin.md, held against the code."""

from pathlib import Path

import brotli
import pytest

from admin_portal.urls import urlpatterns
from registry.listing import editing, screenshots

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "admin.md").read_text()
EDITOR = ROOT / "static" / "editor"


@pytest.mark.parametrize(
    "sentence",
    [
        f"{editing.MAX_SCREENSHOTS}, each at most "
        f"{screenshots.MAX_UPLOAD_BYTES // 1024**2} MiB, "
        f"{screenshots.MAX_PIXELS // 10**6} million pixels and "
        f"{screenshots.MAX_SIDE} a side",
        f"required, {editing.MAX_ALT_CHARACTERS} characters",
        f"{editing.MAX_EXAMPLES}, each with a title of {editing.MAX_TITLE_CHARACTERS} "
        f"and code of {editing.MAX_EXAMPLE_CHARACTERS} characters",
        f"at most {screenshots.MAX_SHOWN_SIDE} pixels a side",
    ],
)
def test_documented_limits_are_the_codes(sentence):
    assert sentence in PAGE.replace("\n", " ")


def test_unsaved_work_is_kept_as_long_as_documented():
    script = (EDITOR / "autosave.js").read_text()

    assert "const KEPT_DAYS = 30;" in script
    assert "for 30 days" in PAGE.replace("\n", " ")


def test_the_editors_modules_are_all_there():
    """Each module that another one imports exists; no script comes from elsewhere."""
    for path in EDITOR.glob("*.js"):
        for line in path.read_text().splitlines():
            if line.startswith("import "):
                name = line.rpartition('"./')[2].rstrip('";')
                assert (EDITOR / name).is_file(), (path.name, line)


def test_the_bundle_brings_no_source_maps_and_its_licences():
    vendor = ROOT / "static" / "vendor" / "monaco-0.57.0"
    marked = [
        path.name
        for path in [*vendor.glob("*.js"), *vendor.glob("*.css")]
        if any(
            line.startswith(("//# sourceMappingURL", "/*# sourceMappingURL"))
            for line in path.read_text().splitlines()
        )
    ]

    assert marked == []
    for notice in ("LICENSE.txt", "ThirdPartyNotices.txt", "LICENSE-DOMPurify.txt"):
        assert (vendor / notice).stat().st_size > 1000
    assert "resolved" not in (vendor / "build" / "package-lock.json").read_text()


def test_every_script_of_the_bundle_is_there_compressed():
    vendor = ROOT / "static" / "vendor" / "monaco-0.57.0"

    for path in [*vendor.glob("*.js"), *vendor.glob("*.css")]:
        packed = path.with_name(f"{path.name}.br").read_bytes()
        assert brotli.decompress(packed) == path.read_bytes(), path.name


def test_the_admin_is_where_the_documents_say():
    names = {str(route.pattern) for route in urlpatterns}

    assert {"admin/", "functions/edit/<uuid:draft_id>"} <= names
