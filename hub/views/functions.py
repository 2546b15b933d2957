"""One function: its page, its versions, every file of them, how to install it."""

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from core.db.prepared import Prepared
from core.http.public import IMMUTABLE, make_public, raw_text
from hub.function_page import (
    FunctionPage,
    find_page,
    function_page,
    redirect_to,
    render_page,
)
from hub.public import PublicNotFound, public_page
from hub.structured_data import json_ld
from hub.svg.layers import layers_of
from hub.svg.timeline import timeline_of
from registry.content.stored import REMOVED
from registry.inspection.quality import checklist
from registry.listing.editing import screenshot_name
from registry.models import Function, Screenshot, VersionFile, pages_subject

MAX_VERSION_ROWS = 300
FILE = Prepared(
    lambda username, slug, number, path: (
        VersionFile.objects.readable()
        .filter(
            version__function__owner__username=username,
            version__function__slug=slug,
            version__number=number,
            path=path,
        )
        .select_related("blob__removal", "version")
    )
)


@function_page(with_readme=True)
def function_detail(request: HttpRequest, page: FunctionPage):
    og_image = f"{settings.HUB_URL}{page.function.url}/og.png"
    return render_page(
        request, page, "readme", og_image=og_image, json_ld=json_ld(page)
    )


@function_page
def function_uses(request: HttpRequest, page: FunctionPage):
    return render_page(
        request,
        page,
        "uses",
        layers=layers_of(page.report, [file.path for file in page.files]),
        checklist=checklist(page.version, page.readme_text, page.report),
    )


@function_page
def function_source(request: HttpRequest, page: FunctionPage, path: str = ""):
    path = path or page.version.entrypoint
    file = page.file(path)
    if file is None:
        raise PublicNotFound(
            f"{page.function} {page.version.number} has no file {path[:155]}. "
            "Its files are under Source."
        )
    return render_page(
        request,
        page,
        "source",
        file=file,
        source=page.source_of(file),
        tree=page.tree(path),
    )


@function_page
def function_versions(request: HttpRequest, page: FunctionPage):
    versions = page.function.versions.select_related("yank", "quarantine")
    versions = list(versions.newest_first()[:MAX_VERSION_ROWS])
    return render_page(
        request, page, "versions", versions=versions, timeline=timeline_of(versions)
    )


@function_page
def function_install(request: HttpRequest, page: FunctionPage):
    return render_page(request, page, "install")


@public_page
def function_raw(request: HttpRequest, username, slug, version, path):
    """The bytes of one file, forever the same."""
    file = FILE.first(username, slug, version, path)
    if file is None:
        return _without_file(request, username, slug, version)
    removal = getattr(file.blob, "removal", None)
    if removal and removal.confirmed_at:
        raise PublicNotFound(REMOVED)
    response = raw_text(file.blob.text)
    subjects = [pages_subject(file.version.function_id)]
    return make_public(response, subjects, cache=IMMUTABLE)


def _without_file(request: HttpRequest, username: str, slug: str, number: str):
    """A redirect, where the function has another name by now. Raises Http404."""
    page = find_page(username, slug, number)
    if page.function.renamed_from:
        return redirect_to(page, request, username, slug)
    raise PublicNotFound(f"{page.function} {number} has no such file.")


@public_page
def function_screenshot(request: HttpRequest, username, slug, sha256):
    """A picture of the listing; its address names its bytes."""
    functions = Function.objects.readable().named(username, slug)
    shown = get_object_or_404(Screenshot, function__in=functions, sha256=sha256)
    with default_storage.open(screenshot_name(shown.sha256)) as picture:
        response = HttpResponse(picture.read(), "image/webp")
    subjects = [shown.function.pages_subject]
    return make_public(response, subjects, cache=IMMUTABLE)
