"""What the pages of one function are made of, each read by one statement, and made.

The views make the same pages of rows that the ORM reads, and all others: of what moved,
was taken down or isn't finished yet. See hub/kept.py.
"""

import json
from dataclasses import dataclass
from types import SimpleNamespace

from hub import rendered
from hub.function_page import FunctionPage
from hub.http import HTML, IMMUTABLE, Page
from registry import shapes, shown
from registry.catalog import functions
from registry.catalog.functions import InstallFile
from registry.content.rendering import Rendered, language_of, safe
from registry.drawing.function import detail_html, source_html


@dataclass(frozen=True)
class RawFile:
    """One file as it lies."""

    said: tuple
    text: str

    @classmethod
    def read(cls, username: str, slug: str, number: str, path: str):
        found = shown.read(shown.RAW, slug, number, path, slug, username)
        return found and cls(found["said"], found["text"])

    def page(self) -> Page | None:
        if not self.text:
            return None  # staff may have removed it: the view says so
        return Page("text/plain; charset=utf-8", self.text.encode(), IMMUTABLE)


@dataclass(frozen=True)
class InstallManifest:
    """What a client copies. flat: as ``functions.files_to_install`` has it."""

    said: tuple
    columns: dict
    flat: bool

    @classmethod
    def read(cls, username: str, slug: str, number: str, *, flat: bool):
        found = shown.read(shown.INSTALL, slug, number, slug, username)
        return found and cls(found["said"], found, flat)

    def page(self) -> Page:
        version = shown.shown(self.columns).version
        files = [InstallFile(*row) for row in shown.rows(self.columns, "files")]
        files = functions.laid_out(files, flat=self.flat)
        content = shapes.as_json(shapes.install_manifest(version, files))
        return Page(shapes.JSON, content, installed=version.pk)


@dataclass(frozen=True)
class Detail:
    """A function's own page, or one version's."""

    said: tuple
    columns: dict
    is_pinned: bool

    @classmethod
    def read(cls, username: str, slug: str, number: str):
        found = shown.read(shown.DETAIL, slug, number, slug, username)
        return found and cls(found["said"], found, bool(number))

    def page(self) -> Page:
        page = _function_page(self.columns, self.is_pinned)
        vars(page)["file_count"] = int(self.columns["file_count"])
        vars(page)["report"] = json.loads(self.columns["report"])
        readme = None
        if self.columns["rendering_pk"] is not None:
            readme = rendered.as_readme(_drawn(self.columns), page)
        made = detail_html(
            page,
            readme=readme,
            examples=shown.rows(self.columns, "examples"),
            screenshots=shown.rows(self.columns, "screenshots"),
        )
        return Page(HTML, made.encode())


@dataclass(frozen=True)
class Source:
    """The page of one file of a version."""

    said: tuple
    columns: dict
    is_pinned: bool
    path: str

    @classmethod
    def read(cls, username: str, slug: str, number: str, path: str):
        asked = language_of(path), path, slug, username
        found = shown.read(shown.SOURCE, slug, number, *asked)
        return found and cls(found["said"], found, bool(number), path)

    def page(self) -> Page:
        page = _function_page(self.columns, self.is_pinned)
        vars(page)["files"] = [
            SimpleNamespace(path=path, blob=SimpleNamespace(size=size))
            for path, size in shown.rows(self.columns, "files")
        ]
        size = next(file.blob.size for file in page.files if file.path == self.path)
        made = source_html(page, path=self.path, size=size, drawn=_drawn(self.columns))
        return Page(HTML, made.encode())


def _function_page(columns: dict, is_pinned: bool) -> FunctionPage:
    """What was read as the page that the views have of models."""
    found = shown.shown(columns)
    page = FunctionPage(found.function, found.version, is_pinned)
    vars(page)["version_count"] = columns["version_count"]
    return page


def _drawn(columns: dict) -> Rendered:
    complete = columns["is_complete"] in (1, "1")
    return Rendered(safe(columns["html"]), complete, columns["incomplete"])
