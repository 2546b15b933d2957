"""What anyone may read: lists, functions, install manifests, files."""

from django.http import HttpResponse

from api import shapes
from api.answers import IMMUTABLE, JSON, PUBLIC, answer
from api.decorators import endpoint
from api.views.common import FUNCTIONS, ONE, plain_name
from core.http.limits import client_address
from registry import errors
from registry import shapes as public
from registry.asked import FunctionList
from registry.catalog import functions
from registry.installs import counting
from registry.models import Blob, Version

MAX_WHERE = 100  # versions that one file is said to be in


@endpoint(
    "GET",
    FUNCTIONS,
    summary="List and search published functions",
    query=("category", "tag", "author", "search", "sort", "limit", "cursor"),
    answers={200: "FunctionList"},
    refusals=(errors.ValidationError,),
)
def list_functions(request):
    # Read already, perhaps, to find out whether a kept answer is still right.
    page = request.META.pop("hub.read", None) or FunctionList.read(request.GET)
    made = public.function_list(page)
    return HttpResponse(made, JSON, headers={"Cache-Control": PUBLIC})


@endpoint(
    "GET",
    ONE,
    summary="Read a function with the files of one version",
    query=("version",),
    answers={200: "Function"},
    refusals=(errors.NotFound,),
)
def read_function(request, username, slug):
    version = _published(request, slug, username)
    files = {f.path: f.content for f in functions.files_to_install(version, flat=False)}
    return answer({"function": shapes.function(version, files)}, cache=PUBLIC)


@endpoint(
    "GET",
    ONE + "/install",
    summary="Get the install manifest of a version",
    query=("version", "layout"),
    answers={200: "InstallManifest"},
    refusals=(errors.NotFound, errors.ValidationError),
)
def install_function(request, username, slug):
    version = _published(request, slug, username)
    files = functions.files_to_install(version, flat=_is_flat(request))
    _count_install(request, version)
    return answer(public.install_manifest(version, files), cache=PUBLIC)


@endpoint(
    "GET",
    FUNCTIONS + "/install/{slug}",
    summary="Get the install manifest by slug alone",
    query=("version", "layout"),
    answers={200: "InstallManifestAndFunction"},
    refusals=(errors.NotFound, errors.ValidationError),
)
def install_by_slug(request, slug):
    version = _published(request, slug)
    files = functions.files_to_install(version, flat=_is_flat(request))
    _count_install(request, version)
    texts = {file.path: file.content for file in files}
    made = public.install_manifest(version, files)
    return answer(made | {"function": shapes.function(version, texts)}, cache=PUBLIC)


@endpoint(
    "GET",
    ONE + "/versions",
    summary="List the versions of a function, newest first by SemVer",
    answers={200: "VersionList"},
    refusals=(errors.NotFound,),
)
def list_versions(request, username, slug):
    function = functions.published_function(slug, plain_name(username))
    versions = function.versions.readable().select_related("yank").newest_first()
    versions = list(versions)
    for version in versions:
        version.function = function
    found = {"versions": [shapes.version_item(version) for version in versions]}
    return answer(found, cache=PUBLIC)


@endpoint(
    "GET",
    "/community/files/{sha256}",
    summary="Read a published file by its hash, and where it was published",
    answers={200: "File"},
    refusals=(errors.NotFound,),
)
def read_file(request, sha256):
    blob = Blob.objects.readable().filter(pk=sha256).first()
    if blob is None:
        raise errors.NotFound("No published file has this hash.")
    uses = blob.uses.readable().select_related("version__function__owner")
    uses = uses.order_by("id")
    where = [
        {
            "author": use.version.function.owner.username,
            "slug": use.version.function.slug,
            "version": use.version.number,
            "path": use.path,
        }
        for use in uses[:MAX_WHERE]
    ]
    return answer({"content": blob.text, "versions": where}, cache=IMMUTABLE)


def _published(request, slug: str, username: str = "") -> Version:
    function = functions.published_function(slug, plain_name(username))
    return functions.published_version(function, request.GET.get("version", ""))


def _count_install(request, version: Version) -> None:
    request.META["hub.installed_version"] = version.pk  # each serving of the kept page
    if "hub.is_conditional" in request.META:
        return
    counting.count(
        version.pk,
        client=client_address(request),
        method=request.method,
        headers=request.headers,
    )


def _is_flat(request) -> bool:
    layout = request.GET.get("layout", "flat")
    if layout not in ("flat", "source"):
        raise errors.ValidationError(
            f"layout is {errors.shown(layout)}; use flat or source.", field="layout"
        )
    return layout == "flat"
