"""What anyone may read: lists, functions, install manifests, files."""

from functools import partial

from api import shapes
from api.answers import public_answer
from api.decorators import endpoint
from api.list_query import ListQuery
from api.views.common import FUNCTIONS, ONE, plain_name
from core.http.public import IMMUTABLE
from registry import errors
from registry.catalog import functions
from registry.installs import counting
from registry.installs.layout import InstallFile, files_to_install
from registry.models import LISTS, Blob, Version

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
    query = ListQuery.read(request.GET)
    return public_answer(shapes.function_list(query.find(), query.limit), [LISTS])


@endpoint(
    "GET",
    ONE,
    summary="Read a function with the files of one version",
    query=("version",),
    answers={200: "Function"},
    refusals=(errors.NotFound,),
)
def read_function(request, username, slug):
    version = _version(request, slug, username)
    files = _texts(files_to_install(version, flat=False))
    made = {"function": shapes.function(version, files)}
    return public_answer(made, [version.function.pages_subject])


@endpoint(
    "GET",
    ONE + "/install",
    summary="Get the install manifest of a version",
    query=("version", "layout"),
    answers={200: "InstallManifest"},
    refusals=(errors.NotFound, errors.ValidationError),
)
def install_function(request, username, slug):
    version = _version(request, slug, username)
    files = files_to_install(version, flat=_is_flat(request))
    return _install_answer(version, shapes.install_manifest(version, files))


@endpoint(
    "GET",
    FUNCTIONS + "/install/{slug}",
    summary="Get the install manifest by slug alone",
    query=("version", "layout"),
    answers={200: "InstallManifestAndFunction"},
    refusals=(errors.NotFound, errors.ValidationError),
)
def install_by_slug(request, slug):
    version = _version(request, slug)
    files = files_to_install(version, flat=_is_flat(request))
    made = shapes.install_manifest(version, files)
    made["function"] = shapes.function(version, _texts(files))
    return _install_answer(version, made)


@endpoint(
    "GET",
    ONE + "/versions",
    summary="List the versions of a function, newest first by SemVer",
    answers={200: "VersionList"},
    refusals=(errors.NotFound,),
)
def list_versions(request, username, slug):
    function = functions.find_function(slug, username=plain_name(username))
    versions = function.versions.readable().select_related("yank").newest_first()
    versions = list(versions)
    for version in versions:
        version.function = function
    made = {"versions": [shapes.version_item(version) for version in versions]}
    return public_answer(made, [function.pages_subject])


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
    made = {"content": blob.text, "versions": where}
    return public_answer(made, [LISTS], cache=IMMUTABLE)


def _version(request, slug: str, username: str = "") -> Version:
    number = request.GET.get("version", "")
    return functions.find_version(slug, username=plain_name(username), number=number)


def _install_answer(version: Version, made: dict):
    """An answer that counts as an install each time it is sent."""
    subjects = [version.function.pages_subject]
    count = partial(counting.count, version.pk)
    return public_answer(made, subjects, on_send=count)


def _texts(files: list[InstallFile]) -> dict[str, str]:
    return {file.path: file.content for file in files}


def _is_flat(request) -> bool:
    layout = request.GET.get("layout", "flat")
    if layout not in ("flat", "source"):
        raise errors.ValidationError(
            f"layout is {errors.shown(layout)}; use flat or source.", field="layout"
        )
    return layout == "flat"
