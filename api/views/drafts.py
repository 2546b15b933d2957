"""An author's own work, from push to publish."""

import re
import uuid

from django.conf import settings
from django.db.models import Q

from accounts.keys import may_touch
from accounts.models import Account
from accounts.quotas import VALIDATIONS
from api import shapes
from api.answers import answer
from api.decorators import endpoint, require_scope, require_within_key
from api.views.common import CHANGES, CONTENT, FUNCTIONS, via_of
from core.db.prepared import Prepared
from core.http.limits import Limit, client_address, count
from registry import errors, publishing
from registry.content.sandbox import Meter
from registry.inspection import validation
from registry.models import Draft

CHECKS = Limit("validate", 60, 60)
OWN = Prepared(
    lambda owner, pk: (
        Draft.objects.owned_by(owner)
        .filter(pk=pk)
        .select_related("function__owner", "function__category")
    )
)
# Publishing reads the content when it has the lock.
OWN_BARE = Prepared(
    lambda owner, pk: (
        Draft.objects.owned_by(owner)
        .filter(pk=pk)
        .select_related("function__owner")
        .only("revision", "function__slug", "function__owner__username")
    )
)


@endpoint(
    "GET",
    FUNCTIONS + "/my",
    summary="List one's own functions and drafts",
    caller="account key",
    answers={200: "OwnList"},
    refusals=(errors.Unauthorized, errors.Forbidden),
)
def list_own(request):
    patterns = request.key.patterns
    return {
        "functions": [
            shapes.draft_item(draft)
            for draft in _own(request.account)
            if may_touch(patterns, draft.function.slug)
        ]
    }


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
def push(request):
    saved = publishing.push(
        request.json,
        by=request.account,
        via=via_of(request),
        patterns=request.key.patterns,
    )
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
        via=via_of(request),
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
    draft = _draft(request, id)
    publishing.delete_draft(draft, by=request.account, via=via_of(request))
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
    draft = _draft(request, id, to_publish=True)
    made = publishing.publish(
        draft,
        by=request.account,
        via=via_of(request),
        revision=_if_match(request, draft),
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
def publish_from_ci(request):
    if request.json.get("publish") is True:
        require_scope(request, "publish")
    result = publishing.publish_from_ci(
        request.json, by=request.account, patterns=request.key.patterns
    )
    return 201 if result.created else 200, shapes.ci_result(result)


@endpoint(
    "POST",
    FUNCTIONS + "/validate",
    summary="Check a function without storing anything",
    body="CiPublish",
    answers={200: "Diagnostics"},
    limit=CHECKS,
    quota=VALIDATIONS,
    refusals=(
        errors.InvalidJson,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.RateLimited,
    ),
)
def validate_function(request):
    seconds = settings.VALIDATE_WORKER_SECONDS
    work, client = Limit("validate-work", seconds * 1000, 60), client_address(request)
    errors.refuse_over(
        count(work, client, cost=0),
        f"These validations took more than {seconds} seconds of work in a minute.",
    )
    meter = Meter()
    try:
        found = validation.diagnose(request.json, meter=meter)
    finally:
        count(work, client, cost=round(meter.seconds * 1000))
    return {"ok": all(d["severity"] != "error" for d in found), "diagnostics": found}


def _draft(request, id: str, *, to_publish: bool = False) -> Draft:
    """The caller's draft, by its id, or (publish) the newest open one of a slug."""
    by_id = OWN_BARE if to_publish else OWN
    try:
        draft = by_id.first(request.account.pk, uuid.UUID(id))
    except ValueError:
        draft = _newest(request.account, id) if to_publish else None
    if draft is None:
        raise errors.NotFound(f"You have no draft {errors.shown(id)}.")
    require_within_key(request, draft.function.slug)
    return draft


def _newest(account: Account, slug: str) -> Draft | None:
    """The newest open draft of the function called ``slug``, else the newest."""
    called = Q(function__slug=slug) | Q(function__redirects__slug=slug)
    drafts = Draft.objects.owned_by(account).filter(called).order_by("-updated_at")
    drafts = drafts.select_related("function__owner")
    return drafts.open().first() or drafts.first()


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


def _if_match(request, draft: Draft) -> int | None:
    """The revision that If-Match names; None when it is not sent, or ``*``."""
    sent = request.headers.get("If-Match", "*").strip()
    if sent == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"?([0-9]{1,9})"?', sent, re.ASCII)
    # A tag that is none of ours names no state the draft ever had.
    return int(match[1]) if match else -1
