"""The endpoints: fetch, call, answer. Rules live in registry/."""

import re
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import keys
from accounts.limits import Limit, client_address
from accounts.models import Account
from accounts.passwords import SecondFactorNeeded, WrongPassword, check_password
from accounts.switches import SwitchedOff
from api import lists, shapes
from api.answers import IMMUTABLE, PUBLIC, answer
from api.decorators import endpoint, require_scope, require_within_key
from registry import errors, installs, publishing, reading, search, validation
from registry.models import Blob, Draft, Function, Version

VIA = "api"
FUNCTIONS = "/community/functions"
ONE = FUNCTIONS + "/{username}/{slug}"
CHECKS = Limit("validate", 60, 60)
LOGINS = Limit("login", 30, 60)
LOGIN_KEY_LIFE = timedelta(hours=12)
MAX_WHERE = 100  # versions that one file is said to be in
CHANGES = (errors.Unauthorized, errors.Forbidden, errors.NotFound)
CONTENT = (
    errors.ValidationError,
    errors.InvalidCategory,
    errors.MissingEntrypoint,
    errors.EmptyCode,
    errors.InvalidVersion,
    errors.InvalidName,
    errors.ReservedName,
    errors.InvalidPath,
    errors.InvalidLicense,
    errors.NotUtf8,
    errors.InvalidJson,
    errors.PayloadTooLarge,
    errors.UnsupportedMediaType,
    errors.DuplicateSlug,
)


# --- who is asking


@endpoint(
    "POST",
    "/v1/cli/validate",
    summary="Tell whose key this is",
    caller="any key",
    answers={200: "Identity"},
    refusals=(errors.Unauthorized,),
)
def validate_key(request):
    return shapes.identity(request.key)


@endpoint(
    "POST",
    "/v1/cli/telemetry/errors",
    summary="Accept a client's error report and keep nothing",
    answers={200: "Telemetry"},
)
def take_telemetry(request):
    return {"id": None}


@endpoint(
    "POST",
    "/auth/login",
    summary="Trade e-mail and password for a short-lived account key",
    body="Login",
    answers={200: "Token"},
    limit=LOGINS,
    refusals=(errors.Unauthorized, errors.Forbidden, errors.ValidationError),
)
def log_in(request):
    email, password = request.json.get("email"), request.json.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        raise errors.ValidationError("Send email and password as text.", field="email")
    try:
        account = check_password(email, password, request)
    except SecondFactorNeeded:
        raise errors.Forbidden(
            "This account has a second factor. Make an account key (`ac_...`) on the "
            "keys page and use that."
        ) from None
    except WrongPassword:
        raise errors.WrongCredentials from None
    expires_at = timezone.now() + LOGIN_KEY_LIFE
    try:
        _, secret = keys.create_key(
            account, name="signed in", expires_at=expires_at, via=VIA
        )
    except SwitchedOff as off:
        raise errors.ReadOnly(str(off)) from off
    return {"token": secret}


# --- reading


@endpoint(
    "GET",
    FUNCTIONS,
    summary="List and search published functions",
    query=("category", "tag", "author", "search", "sort", "limit", "cursor"),
    answers={200: "FunctionList"},
    refusals=(errors.ValidationError,),
)
def list_functions(request):
    asked = lists.read(request.GET)
    page = search.find(
        asked.search,
        category=asked.category,
        tag=asked.tag,
        author=asked.author,
        sort=asked.sort,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    found = {
        "functions": [shapes.item(function) for function in page.rows],
        "total": page.total,
        "limit": asked.limit,
        "next": page.next,
    }
    return answer(found, cache=PUBLIC)


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
    files = {f.path: f.content for f in reading.files_to_install(version, flat=False)}
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
    files = reading.files_to_install(version, flat=_is_flat(request))
    _count_install(request, version)
    return answer(shapes.install_manifest(version, files), cache=PUBLIC)


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
    files = reading.files_to_install(version, flat=_is_flat(request))
    _count_install(request, version)
    texts = {file.path: file.content for file in files}
    made = shapes.install_manifest(version, files)
    return answer(made | {"function": shapes.function(version, texts)}, cache=PUBLIC)


@endpoint(
    "GET",
    ONE + "/versions",
    summary="List the versions of a function, newest first by SemVer",
    answers={200: "VersionList"},
    refusals=(errors.NotFound,),
)
def list_versions(request, username, slug):
    function = reading.published_function(slug, _name(username))
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


# --- one's own


@endpoint(
    "GET",
    FUNCTIONS + "/my",
    summary="List one's own functions and drafts",
    caller="account key",
    answers={200: "OwnList"},
    refusals=(errors.Unauthorized, errors.Forbidden),
)
def list_own(request):
    return {"functions": [shapes.draft_item(draft) for draft in _own(request.account)]}


@endpoint(
    "GET",
    FUNCTIONS + "/{id}",
    summary="Read a draft",
    caller="account key",
    answers={200: "Draft"},
    refusals=CHANGES,
)
def read_draft(request, id):
    draft = _draft(request, id)
    response = answer({"function": shapes.draft(draft)})
    response.headers["ETag"] = f'"{draft.revision}"'
    return response


@endpoint(
    "POST",
    FUNCTIONS,
    summary="Push: make a new draft",
    caller="account key",
    scope="draft:write",
    body="Push",
    answers={201: "Pushed"},
    refusals=(errors.Unauthorized, errors.Forbidden, *CONTENT),
)
@transaction.atomic
def push(request):
    saved = publishing.push(request.json, by=request.account, via="cli")
    require_within_key(request, saved.draft.function.slug)
    return 201, shapes.pushed(saved.draft, saved.warnings)


@endpoint(
    "PATCH",
    FUNCTIONS + "/{id}",
    summary="Change a draft; what is not sent stays",
    caller="account key",
    scope="draft:write",
    body="Push",
    answers={200: "Pushed"},
    refusals=(*CHANGES, *CONTENT, errors.EditConflict),
)
def save_draft(request, id):
    draft = _draft(request, id)
    saved = publishing.save_draft(
        draft,
        request.json,
        by=request.account,
        via=VIA,
        revision=_if_match(request, draft),
    )
    response = answer(shapes.pushed(saved.draft, saved.warnings))
    response.headers["ETag"] = f'"{saved.draft.revision}"'
    return response


@endpoint(
    "DELETE",
    FUNCTIONS + "/{id}",
    summary="Delete a draft that was never published",
    caller="account key",
    scope="draft:write",
    answers={204: ""},
    refusals=(*CHANGES, errors.Conflict),
)
def delete_draft(request, id):
    publishing.delete_draft(_draft(request, id), by=request.account, via=VIA)
    response = answer(None, 204)
    response.content = b""
    return response


@endpoint(
    "POST",
    FUNCTIONS + "/{id}/publish",
    summary="Publish a draft",
    caller="account key",
    scope="publish",
    answers={200: "Published"},
    refusals=(
        *CHANGES,
        *CONTENT,
        errors.VersionConflict,
        errors.SecretFound,
        errors.EditConflict,
    ),
)
def publish_draft(request, id):
    draft = _draft(request, id, or_slug=True)
    made = publishing.publish(
        draft, by=request.account, via="cli", revision=_if_match(request, draft)
    )
    return shapes.published(
        draft.function,
        made.version.number,
        str(draft.pk),
        again=made.already_published,
    )


@endpoint(
    "POST",
    FUNCTIONS + "/ci/publish",
    summary="Update a function from CI and, when asked, publish it",
    caller="account key",
    scope="draft:write",
    body="CiPublish",
    answers={201: "CiPublished", 200: "CiPublished"},
    refusals=(
        errors.Unauthorized,
        errors.Forbidden,
        *CONTENT,
        errors.VersionConflict,
        errors.SecretFound,
    ),
)
@transaction.atomic
def publish_from_ci(request):
    if request.json.get("publish") is True:
        require_scope(request, "publish")
    result = publishing.publish_from_ci(request.json, by=request.account)
    require_within_key(request, result.function.slug)
    return 201 if result.created else 200, shapes.ci_result(result)


@endpoint(
    "POST",
    FUNCTIONS + "/validate",
    summary="Check a function without storing anything",
    body="CiPublish",
    answers={200: "Diagnostics"},
    limit=CHECKS,
    refusals=(
        errors.InvalidJson,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.RateLimited,
    ),
)
def validate_function(request):
    said = validation.diagnose(request.json)
    return {"ok": all(d["severity"] != "error" for d in said), "diagnostics": said}


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
        via=VIA,
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
    publishing.unyank(version, by=request.account, via=VIA)
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
        via=VIA,
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
    publishing.undeprecate(function, by=request.account, via=VIA)
    return {"deprecated": False, "message": "", "successor": ""}


# --- fetching


def _name(username: str) -> str:
    return username.removeprefix("@")


def _published(request, slug: str, username: str = "") -> Version:
    function = reading.published_function(slug, _name(username))
    return reading.published_version(function, request.GET.get("version", ""))


def _count_install(request, version: Version) -> None:
    request.META["hub.installed_version"] = version  # each serving of the kept page
    if "hub.is_conditional" in request.META:
        return
    installs.count(
        version,
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


def _draft(request, id: str, *, or_slug: bool = False) -> Draft:
    """The caller's draft, by its id, or (publish) the newest open one of a slug."""
    drafts = Draft.objects.owned_by(request.account).select_related(
        "function__owner", "function__category"
    )
    try:
        draft = drafts.filter(pk=uuid.UUID(id)).first()
    except ValueError:
        called = Q(function__slug=id) | Q(function__redirects__slug=id)
        named = drafts.filter(called).order_by("-updated_at")
        draft = (named.open().first() or named.first()) if or_slug else None
    if draft is None:
        raise errors.NotFound(f"You have no draft {errors.shown(id)}.")
    require_within_key(request, draft.function.slug)
    return draft


def _own(account: Account) -> list[Draft]:
    """Open drafts, and for each published function the draft behind its latest
    version, or, with every version yanked, the last one; newest first."""
    drafts = (
        Draft.objects.owned_by(account)
        .select_related("function__owner", "function__category", "function__latest")
        .defer("files", "readme")
        .order_by("-updated_at")
    )
    own, shown = [], set()
    for draft in drafts:
        latest = draft.function.latest
        if draft.version_id is None or (latest and latest.draft_uid == draft.pk):
            own.append(draft)
        elif latest is None and draft.function_id not in shown:
            shown.add(draft.function_id)
            own.append(draft)
    return own


def _own_function(request, username: str, slug: str) -> Function:
    function = reading.published_function(slug, _name(username))
    if function.owner_id != request.account.pk:
        raise errors.NotFound(f"You have no function {errors.shown(slug)}.")
    require_within_key(request, function.slug)
    return function


def _own_version(request, username: str, slug: str, number: str) -> Version:
    return reading.published_version(_own_function(request, username, slug), number)


def _as_it_stands(version: Version) -> dict:
    fresh = reading.published_version(version.function, version.number)
    return shapes.version_item(fresh)


def _text(request, name: str) -> str:
    value = request.json.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise errors.ValidationError(f"{name} is not text.", field=name)
    return value


def _if_match(request, draft: Draft) -> int | None:
    """The revision that If-Match names; None when it is not sent, or ``*``."""
    sent = request.headers.get("If-Match", "*").strip()
    if sent == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"?([0-9]{1,9})"?', sent, re.ASCII)
    # A tag that is none of ours names no state the draft ever had.
    return int(match[1]) if match else -1
