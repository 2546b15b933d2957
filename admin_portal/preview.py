"""The Hub's own page of a function, made of a draft that only its author sees.

The templates are the Hub's; what they are given stands in for a published version
and is never saved.
"""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.http import Http404, HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from registry import integrity, paths
from registry.content.rendering import README, language_of
from registry.content.rendering import render as render_text
from registry.drawing import function as drawn_function
from registry.inspection import inspect_safely
from registry.inspection.quality import checklist
from registry.inspection.uses import Uses, uses_of
from registry.installs.steps import Steps, steps_of
from registry.manifest import Manifest
from registry.models import Blob, Category, Draft, Version, VersionFile

TABS = ("readme", "source", "uses", "install")


@dataclass(frozen=True)
class DraftPage:
    """What hub.function_page.FunctionPage is for a version, for ``draft``."""

    draft: Draft
    is_pinned = False

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
    def command(self) -> str:
        return f"aerostack functions install {self.draft.function.path}"

    @cached_property
    def files(self) -> list[VersionFile]:
        return [
            VersionFile(path=path, blob=Blob(size=paths.size_of(text), text=text))
            for path, text in sorted(self.draft.files.items())
        ]

    @property
    def file_count(self) -> int:
        return len(self.files)

    @cached_property
    def function(self):
        """The draft's function as publishing would list it; not to be saved."""
        function, manifest = self.draft.function, self.manifest
        category = Category.objects.filter(slug=manifest["category"]).first()
        function.category = category or Category(slug="none", label="no category")
        function.tags = manifest["tags"] or function.tags
        return function

    @cached_property
    def manifest(self) -> dict:
        manifest, _ = Manifest.read(self.draft.manifest, categories=(), complete=False)
        return manifest.as_json()

    @cached_property
    def version(self) -> Version:
        hashes = {path: integrity.sha256_of(t) for path, t in self.draft.files.items()}
        return Version(
            function=self.function,
            number=self.draft.number or "(no version)",
            is_prerelease="-" in self.draft.number,
            manifest=self.manifest,
            integrity=integrity.of_files(hashes),
            size=sum(file.blob.size for file in self.files),
            published_by=self.function.owner.username,
            published_at=timezone.now(),
        )

    @cached_property
    def report(self) -> dict:
        return inspect_safely(self.manifest, self.draft.files)

    @cached_property
    def uses(self) -> Uses:
        return uses_of(self.manifest, self.report)

    @property
    def version_count(self) -> int:
        return self.function.versions.count()

    @property
    def steps(self) -> Steps:
        return steps_of(self.function, self.version)

    def render(self, request: HttpRequest, tab: str, path: str):
        """One tab of the page. Raises Http404 for a file the draft does not have."""
        if tab not in TABS:
            raise Http404("There is no such tab.")
        context = drawn_function.head(self) | {
            "page": self,
            "draft": self.draft,
            "function": self.function,
            "version": self.version,
            "tab": tab,
            "section": "functions",
            **self._tab(tab, path),
        }
        return render(request, f"admin_portal/preview_{tab}.html", context)

    def _tab(self, tab: str, path: str) -> dict:
        if tab == "readme":
            return self._readme()
        if tab == "uses":
            points = checklist(self.version, self.draft.readme, self.report)
            return {"checklist": points}
        return self._source(path) if tab == "source" and self.files else {}

    def _readme(self) -> dict:
        """The README, the examples, and the pictures: until the function is on the
        Hub, its public pages don't serve them, so they are drawn from here."""
        text, function = self.draft.readme, self.draft.function
        pictures = list(function.screenshots.all())
        shown = drawn_function.detail(
            self,
            readme=render_text(README, text) if text.strip() else None,
            examples=function.examples.values_list("title", "code"),
            screenshots=[
                (each.sha256, each.width, each.height, each.alt)
                for each in pictures
                if function.published_at
            ],
        )
        own = [] if function.published_at else pictures
        return shown | {"own_screenshots": own}

    def _source(self, path: str) -> dict:
        path = path or self.draft.entrypoint
        known = {file.path: file for file in self.files}
        file = known.get(path)
        if file is None and path == self.draft.entrypoint:
            file = self.files[0]
        if file is None:
            raise Http404("The draft has no such file.")
        drawn = render_text(language_of(file.path), file.blob.text)
        return drawn_function.source(self, file.path, file.blob.size, drawn)
