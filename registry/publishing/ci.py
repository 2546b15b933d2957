"""Continuous integration: one call that finds, updates and, when asked, publishes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import Account, record
from registry import errors, paths, semver, switches
from registry.manifest import Manifest
from registry.models import Draft, Function, Version
from registry.publishing import drafts, intake, quotas, releases
from registry.publishing.claims import claim, named, require_within


@dataclass
class CiResult:
    """The outcome of a CI call. ``version`` is None while it is only a draft."""

    draft_uid: str
    function: Function
    number: str
    version: Version | None = None
    created: bool = False
    already_published: bool = False
    warnings: list[str] = field(default_factory=list)


@transaction.atomic
def publish_from_ci(
    body: dict,
    *,
    by: Account,
    via: str = "ci",
    patterns: Sequence[str] = (),
) -> CiResult:
    """Update the function that ``body`` names, or start it; publish it when asked.

    body: aerostack.json's keys at top level, plus code, files, readme and publish
    (true or false, default false). What it doesn't send stays: of the newest open
    draft, else of the latest version. A list sent empty is emptied; a file sent as
    null goes. A repeated call changes nothing; a refused one leaves nothing behind.
    patterns: as of ``push``.

    Raises as ``push`` and ``publish`` do.
    """
    wants_publish = body.get("publish")
    submission = _read(body)
    slug = drafts.check_slug(submission, by)
    budget = quotas.locked(by)
    function, created = claim(slug, by, found=named(slug, by), budget=budget)
    require_within(patterns, function.slug)
    drafts.note_rename(submission, slug, function)
    draft = None if created else _open_draft(function)
    if wants_publish or draft is None:
        repeated = _repeated(function, submission)
        if repeated:
            return repeated
    manifest = _merged(function, submission, *_base(function, draft))
    event = "save_draft" if draft else "push"
    draft = draft or Draft(function=function, via=via, revision=0)
    was = drafts.open_size(draft)
    content = manifest, submission.files, submission.readme
    # A draft that is published at once needs no room among the open ones.
    changed = drafts.write(draft, *content, None if wants_publish else budget)
    result = CiResult(
        str(draft.pk),
        function,
        manifest["version"],
        created=created,
        warnings=submission.faults.warnings,
    )
    if wants_publish:
        switches.require("publishing")
        publication = releases.release(draft, by=by, via=via, budget=budget)
        if changed and draft.version_id is None:
            budget.require_draft(draft.stored_bytes, was=was, is_written=True)
        result.version = publication.version
        result.already_published = publication.already_published
    elif changed:
        _note_saved(draft, event, created, by=by, via=via)
        result.warnings += drafts.secret_warnings(draft.files)
    return result


def _note_saved(draft: Draft, event: str, created: bool, *, by: Account, via: str):
    """Write the Event of a call that only saves; publishing writes its own."""
    function = draft.function
    drafts.touch(function)
    record(
        event, function, by=by, via=via, draft=str(draft.pk), claimed=created, stale=()
    )


def _read(body: dict) -> intake.Submission:
    """Read a call's body as a push's.

    A blank ``code`` without any source file is refused: a recipe that found no file
    would publish what is there already under a new number.
    """
    submission = intake.read(body, keeps_extras=True)
    if not isinstance(body.get("publish"), bool | None):
        submission.faults.add("publish is not true or false.", "publish")
    code, has_source = submission.code, any(map(paths.is_source, submission.files))
    if code is not None and not code.strip() and not has_source:
        submission.faults.add("The code is empty.", "code", errors.EmptyCode)
    return submission


def _open_draft(function: Function) -> Draft | None:
    draft = function.drafts.open().order_by("-updated_at", "-id").first()
    if draft:
        draft.function = function
    return draft


def _base(function: Function, draft: Draft | None) -> tuple[dict, dict, str]:
    """The manifest, files and README that stand for what a call does not send."""
    if draft:
        return draft.manifest, draft.files, draft.readme
    readme = drafts.shown_readme(function)
    if function.latest is None:
        return {}, {}, readme
    manifest = function.latest.manifest | {"tags": function.tags}
    return manifest, drafts.files_of(function.latest), readme


def _merged(
    function: Function, submission: intake.Submission, manifest, files, readme
) -> Manifest:
    drafts.merge(submission, manifest, files, readme)
    return drafts.check(submission, complete=True, function=function)


def _repeated(function: Function, submission: intake.Submission) -> CiResult | None:
    """The answer to a call whose very content a version has already, else None."""
    number = submission.manifest.get("version")
    version = _version_numbered(function, number)
    if version is None:
        return None
    again = submission.copy()
    base = version.manifest, drafts.files_of(version), ""
    manifest = _merged(function, again, *base)
    hashes = releases.hashes_of(again.files)
    try:
        releases.same_version(function, manifest, hashes)
    except errors.VersionConflict:
        return None
    return CiResult(
        str(version.draft_uid),
        function,
        version.number,
        version=version,
        already_published=True,
        warnings=submission.faults.warnings,
    )


def _version_numbered(function: Function, number: object) -> Version | None:
    if number is None:
        return function.latest
    try:
        precedence = semver.parse(str(number)).precedence
    except errors.InvalidVersion:
        return None
    return function.versions.filter(precedence=precedence).first()
