"""The Hub's own page of a function, made of a draft that only its author sees."""

from copy import copy
from functools import cached_property

from django.conf import settings
from django.http import Http404, HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from registry import integrity, paths
from registry.catalog.pages import FunctionPage
from registry.content.rendering import README, Rendered, language_of
from registry.content.rendering import render as render_text
from registry.inspection import inspect_safely
from registry.inspection.quality import checklist
from registry.manifest import Manifest
from registry.models import Blob, Category, Draft, Function, Version, VersionFile

TABS = ("readme", "source", "uses", "install")


class DraftPage(FunctionPage):
    """``draft`` as the page of the version it would become. Nothing of it is saved."""

    def __init__(self, draft: Draft):
        self.draft = draft
        super().__init__(_version_of(draft), is_pinned=False)

    @property
    def url(self) -> str:
        return reverse("admin_portal:preview_draft", args=[self.draft.pk])

    @property
    def canonical(self) -> str:
        return settings.HUB_URL + self.function.url

    @property
    def raw_url(self) -> str:
        return f"{self.url}/raw/"

    @property
    def version_count(self) -> int:
        return self.function.versions.count()

    @property
    def file_count(self) -> int:
        return len(self.files)

    @cached_property
    def files(self) -> list[VersionFile]:
        return _files_of(self.draft)

    @cached_property
    def report(self) -> dict:
        return inspect_safely(self.version.manifest, self.draft.files)

    @cached_property
    def readme(self) -> Rendered | None:
        if not self.readme_text.strip():
            return None
        return render_text(README, self.readme_text)

    @property
    def readme_text(self) -> str:
        return self.draft.readme

    @cached_property
    def examples(self):
        return self.function.examples.all()

    @cached_property
    def screenshots(self):
        """Until the function is on the Hub, its pages serve no picture: the preview
        shows ``own_screenshots`` instead."""
        return self.function.screenshots.all() if self.function.published_at else []

    @property
    def own_screenshots(self):
        return [] if self.function.published_at else self.function.screenshots.all()

    def file(self, path: str) -> VersionFile | None:
        """The entrypoint that a draft names may be missing: then its first file."""
        found = super().file(path)
        is_entrypoint = path == self.draft.entrypoint
        return self.files[0] if found is None and is_entrypoint else found

    def source_of(self, file: VersionFile) -> Rendered:
        return render_text(language_of(file.path), file.blob.text)

    def render(self, request: HttpRequest, tab: str, path: str):
        """One tab of the page. Raises Http404 for a file the draft does not have."""
        if tab not in TABS:
            raise Http404("There is no such tab.")
        context = {"page": self, "tab": tab, "section": "functions"}
        context |= {"function": self.function, "version": self.version}
        context |= self._tab(tab, path)
        return render(request, f"admin_portal/preview_{tab}.html", context)

    def _tab(self, tab: str, path: str) -> dict:
        if tab == "uses":
            points = checklist(self.version, self.readme_text, self.report)
            return {"checklist": points}
        if tab != "source" or not self.files:
            return {}
        file = self.file(path or self.draft.entrypoint)
        if file is None:
            raise Http404("The draft has no such file.")
        return {
            "file": file,
            "source": self.source_of(file),
            "tree": self.tree(file.path),
        }


def _files_of(draft: Draft) -> list[VersionFile]:
    return [
        VersionFile(path=path, blob=Blob(size=paths.size_of(text), text=text))
        for path, text in sorted(draft.files.items())
    ]


def _version_of(draft: Draft) -> Version:
    """The version that publishing would make of ``draft``; not to be saved."""
    manifest, _ = Manifest.read(draft.manifest, categories=(), complete=False)
    manifest = manifest.as_json()
    hashes = {path: integrity.sha256_of(text) for path, text in draft.files.items()}
    return Version(
        function=_as_listed(draft.function, manifest),
        number=draft.number or "(no version)",
        is_prerelease="-" in draft.number,
        manifest=manifest,
        integrity=integrity.of_files(hashes),
        size=sum(file.blob.size for file in _files_of(draft)),
        published_by=draft.function.owner.username,
        published_at=timezone.now(),
    )


def _as_listed(function: Function, manifest: dict) -> Function:
    """A copy of ``function`` as publishing would list it; not to be saved."""
    function = copy(function)
    category = Category.objects.filter(slug=manifest["category"]).first()
    function.category = category or Category(slug="none", label="no category")
    function.tags = manifest["tags"] or function.tags
    return function
