"""What an author says of a published function later."""

from api import shapes
from api.decorators import endpoint, require_within_key
from api.views.common import CHANGES, ONE, plain_name, via_of
from registry import errors, publishing
from registry.catalog import functions
from registry.models import Function, Version


@endpoint(
    "POST",
    ONE + "/versions/{version}/yank",
    summary="Hide a version from new installs",
    caller="account key",
    scope="yank",
    body="Yank",
    answers={200: "VersionItem"},
    refusals=(*CHANGES, errors.ValidationError, errors.Conflict),
)
def yank_version(request, username, slug, version):
    version = _own_version(request, username, slug, version)
    publishing.yank(
        version,
        reason=request.json.get("reason"),
        replacement=_text(request, "replacement"),
        by=request.account,
        via=via_of(request),
    )
    return _as_it_stands(version)


@endpoint(
    "DELETE",
    ONE + "/versions/{version}/yank",
    summary="Offer a yanked version again",
    caller="account key",
    scope="yank",
    answers={200: "VersionItem"},
    refusals=(*CHANGES, errors.Conflict),
)
def unyank_version(request, username, slug, version):
    version = _own_version(request, username, slug, version)
    publishing.unyank(version, by=request.account, via=via_of(request))
    return _as_it_stands(version)


@endpoint(
    "POST",
    ONE + "/deprecate",
    summary="Tell consumers to move on",
    caller="account key",
    scope="listing:write",
    body="Deprecate",
    answers={200: "Deprecation"},
    refusals=(*CHANGES, errors.ValidationError),
)
def deprecate_function(request, username, slug):
    made = publishing.deprecate(
        _own_function(request, username, slug),
        message=request.json.get("message"),
        successor=_text(request, "successor"),
        by=request.account,
        via=via_of(request),
    )
    return {"deprecated": True, "message": made.message, "successor": made.successor}


@endpoint(
    "DELETE",
    ONE + "/deprecate",
    summary="Take a deprecation back",
    caller="account key",
    scope="listing:write",
    answers={200: "Deprecation"},
    refusals=(*CHANGES, errors.Conflict),
)
def undeprecate_function(request, username, slug):
    function = _own_function(request, username, slug)
    publishing.undeprecate(function, by=request.account, via=via_of(request))
    return {"deprecated": False, "message": "", "successor": ""}


def _own_function(request, username: str, slug: str) -> Function:
    function = functions.find_function(slug, username=plain_name(username))
    if function.owner_id != request.account.pk:
        raise errors.NotFound(f"You have no function {errors.shown(slug)}.")
    require_within_key(request, function.slug)
    return function


def _own_version(request, username: str, slug: str, number: str) -> Version:
    function = _own_function(request, username, slug)
    return functions.find_version(function.slug, number=number)


def _as_it_stands(version: Version) -> dict:
    slug, number = version.function.slug, version.number
    return shapes.version_item(functions.find_version(slug, number=number))


def _text(request, name: str) -> str:
    value = request.json.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise errors.ValidationError(f"{name} is not text.", field=name)
    return value
