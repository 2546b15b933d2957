"""One function: its page, its versions, every file of them, how to install it."""

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from core.db.prepared import Prepared
from hub import pictures, rendered
from hub.function_page import FunctionPage, function_page, redirect_moved
from hub.http import PublicNotFound, immutable_page, raw_text
from registry.content.rendering import language_of
from registry.drawing.function import detail_html, source_html
from registry.inspection import quality
from registry.listing.editing import screenshot_name
from registry.models import Screenshot, UsageExample, VersionFile

MAX_VERSION_ROWS = 300
EXAMPLES = Prepared(
    lambda pk: UsageExample.objects.filter(function__pk=pk).values_list("title", "code")
)
SCREENSHOTS = Prepared(
    lambda pk: Screenshot.objects.filter(function__pk=pk).values_list(
        "sha256", "width", "height", "alt"
    )
)
RAW = Prepared(
    lambda username, slug, version, path: VersionFile.objects.filter(
        version__function__published_at__isnull=False,
        version__function__quarantine=None,
        version__quarantine=None,
        version__function__owner__username=username,
        version__function__slug=slug,
        version__number=version,
        path=path,
    ).select_related("blob__removal")
)


@function_page
def function_detail(request: HttpRequest, page: FunctionPage):
    # The listing's README is the live one; a version keeps the one it shipped with.
    shown = page.version if page.is_pinned else page.function
    readme = rendered.readme_of(shown.readme, page)
    made = detail_html(
        page,
        readme=readme,
        examples=EXAMPLES(page.function.pk),
        screenshots=SCREENSHOTS(page.function.pk),
    )
    return HttpResponse(made)


@immutable_page
def function_screenshot(request: HttpRequest, username, slug, sha256):
    """A picture of the listing; its address names its bytes."""
    shown = get_object_or_404(
        Screenshot,
        function__published_at__isnull=False,
        function__quarantine=None,
        function__owner__username=username,
        function__slug=slug,
        sha256=sha256,
    )
    with default_storage.open(screenshot_name(shown.sha256)) as picture:
        return HttpResponse(picture.read(), "image/webp")


@function_page
def function_uses(request: HttpRequest, page: FunctionPage):
    version = page.version
    readme = version.readme.text if version.readme else ""
    return page.render(
        request,
        "uses",
        layers=pictures.layers(page.report, [file.path for file in page.files]),
        checklist=quality.checklist(version, readme, page.report),
    )


@function_page
def function_source(request: HttpRequest, page: FunctionPage, path: str = ""):
    path = path or page.version.entrypoint
    shown = next((file for file in page.files if file.path == path), None)
    if shown is None:
        raise PublicNotFound(
            f"{page.function} {page.version.number} has no file {path[:155]}. "
            "Its files are under Source."
        )
    language = language_of(path)
    drawn = rendered.source_of(shown.blob, language, page.version)
    return HttpResponse(source_html(page, path=path, size=shown.blob.size, drawn=drawn))


@function_page
def function_versions(request: HttpRequest, page: FunctionPage):
    versions = page.function.versions.select_related(
        "yank", "quarantine"
    ).newest_first()
    versions = list(versions[:MAX_VERSION_ROWS])
    timeline = pictures.timeline(versions)
    return page.render(request, "versions", versions=versions, timeline=timeline)


@function_page
def function_install(request: HttpRequest, page: FunctionPage):
    return page.render(request, "install")


@immutable_page
def function_raw(request: HttpRequest, username, slug, version, path):
    """The bytes of one file, forever the same."""
    file = RAW.first(username, slug, version, path)
    if file is None:
        return redirect_moved(request, username, slug)
    if not file.blob.text and hasattr(file.blob, "removal"):
        raise PublicNotFound(rendered.REMOVED)
    return raw_text(file.blob.text)
