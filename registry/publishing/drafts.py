"""Drafts: pushing, saving and deleting what is not published yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, record
from core.db.prepared import Prepared
from registry import errors, paths, switches
from registry.catalog.vocabulary import accepted_categories, tag_warnings
from registry.manifest import Manifest
from registry.models import Draft, Function, Version
from registry.names import check_name, slugify
from registry.publishing import intake, quotas
from registry.publishing.claims import claim, named, release_if_unused, require_within
from registry.secrets import find_secrets

# Without joins: see claims.py.
LOCKED_OWN = Prepared(
    lambda pk, owner: Function.objects.select_for_update().owned_by(owner).filter(pk=pk)
)
LOCKED_DRAFT = Prepared(lambda pk: Draft.objects.select_for_update().filter(pk=pk))


@dataclass
class Saved:
    """A draft as saved, and what its author should know of it."""

    draft: Draft
    warnings: list[str] = field(default_factory=list)


def push(
    body: dict,
    *,
    by: Account,
    via: str,
    patterns: Sequence[str] = (),
    is_exempt: bool = False,
) -> Saved:
    """Make a new draft of what a client sent; claim its slug on the first push.

    body: the push body (docs/api.md, "Push"), parsed JSON. Missing values come from
    its ``config_schema``, then from the defaults. Without a README the draft starts
    with the one the function shows.
    patterns: slug globs that the caller's key is limited to; none: no limit.
    is_exempt: no quota holds; for seeding, imports and manage.py.

    Raises one RegistryError carrying every fault: those of Manifest.parse and
    check_files, EmptyCode, MissingEntrypoint, DuplicateSlug, ReservedName. Or
    Forbidden, when the key does not reach the function; RateLimited (too many new
    names), QuotaExceeded (too many or too large drafts).
    """
    # All that needs no lock comes before the transaction: SQLite has one writer.
    submission = intake.read(body)
    slug = check_slug(submission, by)
    found = named(slug, by)
    manifest = check(submission, complete=True, function=found)
    with transaction.atomic():
        budget = quotas.locked(by, is_exempt=is_exempt)
        function, is_new = claim(slug, by, found=found, budget=budget)
        require_within(patterns, function.slug)
        note_rename(submission, slug, function)
        draft = Draft(
            function=function,
            via=via,
            manifest=manifest.as_json(),
            files=submission.files,
            readme=submission.readme or shown_readme(function),
        )
        _start(draft, budget, claimed=is_new)
    return Saved(draft, submission.faults.warnings + secret_warnings(draft.files))


@transaction.atomic
def new_draft(name: str, *, by: Account, via: str = "admin") -> Draft:
    """Claim ``name`` and start an empty draft of it, for the editor.

    Raises InvalidName, ReservedName, DuplicateSlug, RateLimited, QuotaExceeded.
    """
    slug = check_name(name)
    budget = quotas.locked(by)
    function, is_new = claim(slug, by, found=named(slug, by), budget=budget)
    manifest, _ = Manifest.read({"name": name.strip()}, categories=())
    draft = Draft(
        function=function,
        via=via,
        manifest=manifest.as_json() | {"entrypoint": "index.ts"},
        files={"index.ts": ""},
        readme=shown_readme(function),
    )
    return _start(draft, budget, claimed=is_new)


@transaction.atomic
def next_draft(version: Version, *, by: Account, via: str = "admin") -> Draft:
    """Start a new draft with the content of ``version`` and the listing's README.

    Raises NotFound unless ``by`` owns the function, QuotaExceeded.
    """
    budget = quotas.locked(by)
    function = owned(version.function_id, by)
    draft = Draft(
        function=function,
        via=via,
        manifest=version.manifest | {"tags": function.tags},
        files=files_of(version),
        readme=shown_readme(function),
    )
    return _start(draft, budget, claimed=False)


def _start(draft: Draft, budget: quotas.Budget, *, claimed: bool) -> Draft:
    """Store a new draft with its Event. claimed: its function is new."""
    function, by, via = draft.function, budget.account, draft.via
    draft.stored_bytes = quotas.size_of(draft.manifest, draft.files, draft.readme)
    budget.require_draft(draft.stored_bytes)
    draft.save(force_insert=True)
    if not claimed:
        touch(function)
    made = {"draft": str(draft.pk), "claimed": claimed}
    record("push", function, by=by, via=via, stale=(), **made)
    return draft


@transaction.atomic
def save_draft(
    draft: Draft,
    body: dict,
    *,
    by: Account,
    via: str,
    revision: int | None = None,
    whole: bool = False,
) -> Saved:
    """Change ``draft`` by a body shaped like a push's.

    revision: the one the change was made on; None skips the comparison.
    whole: the body is the whole draft (the editor), which may be incomplete and may
    lack its entrypoint. Otherwise only what is sent changes: files are added or
    replaced, a file sent as null goes, a list sent empty is emptied.

    A published draft that changes is open again. Saving what is there already
    changes nothing, writes no Event and keeps the revision.

    Raises NotFound (not its owner's), EditConflict, and as ``push`` for what is there.
    """
    budget = quotas.locked(by)
    draft = locked(draft, by)
    check_revision(draft, revision)
    submission = intake.read(body)
    _check_new_name(submission, draft)
    if not whole:
        merge(submission, draft.manifest, draft.files, draft.readme)
    manifest = check(
        submission, complete=False, is_whole_draft=whole, function=draft.function
    )
    if write(draft, manifest, submission.files, submission.readme, budget):
        touch(draft.function)
        record(
            "save_draft", draft.function, by=by, via=via, draft=str(draft.pk), stale=()
        )
    return Saved(draft, submission.faults.warnings + secret_warnings(draft.files))


def _check_new_name(submission: intake.Submission, draft: Draft) -> None:
    """A draft's name may change; the slug it was pushed under may not."""
    slug, faults = draft.function.slug, submission.faults
    if submission.slug and slugify(submission.slug) != slug:
        faults.warnings.append(f"The slug stays {slug}; push to claim another one.")
    name = submission.manifest.get("name")
    is_new = isinstance(name, str) and name not in ("", draft.manifest.get("name"))
    if is_new and slugify(name) != slug:
        faults.check(check_name, name)


@transaction.atomic
def delete_draft(draft: Draft, *, by: Account, via: str) -> None:
    """Delete a draft that was never published; with a function's last one, its claim.

    Raises NotFound (not its owner's), Conflict when a version was made of it.
    """
    draft = locked(draft, by)
    function = draft.function
    if Version.objects.filter(function=function, draft_uid=draft.pk).exists():
        raise errors.Conflict(
            f"This draft became a version of {function.slug}; published versions stay."
        )
    record("delete_draft", function, by=by, via=via, draft=str(draft.pk), stale=())
    draft.delete()
    if not function.published_at and not function.drafts.exists():
        function.delete()
        release_if_unused(function.look_alike, function.owner_id)


# --- what the verbs share


def check_slug(submission: intake.Submission, by: Account | None = None) -> str:
    """The slug a body asks for; a missing name is taken from it.

    by: whose own functions keep a name that was reserved after they took it.

    Raises every fault of the submission when the name is one of them.
    """
    slug = submission.faults.check(_slug_of, submission, by)
    if slug is None:
        check(submission, complete=True)  # raises
    return slug


def _slug_of(submission: intake.Submission, by: Account | None) -> str:
    try:
        return _check_slug(submission)
    except errors.ReservedName:
        slug = slugify(submission.slug or submission.manifest.get("name"))
        if by and Function.objects.owned_by(by).filter(slug=slug).exists():
            return slug
        raise


def _check_slug(submission: intake.Submission) -> str:
    name = submission.manifest.get("name")
    if submission.slug:
        if not name:
            submission.manifest["name"] = submission.slug
        slug = check_name(submission.slug, field="slug")
        is_made_of_name = isinstance(name, str) and slugify(name) == slug
        return check_name(name) if is_made_of_name else slug
    if name is None or name == "":
        raise errors.InvalidName("The function has no name.", field="name")
    if not isinstance(name, str):
        raise errors.ValidationError("name is not text.", field="name")
    return check_name(name)


def check(
    submission: intake.Submission,
    *,
    complete: bool,
    is_whole_draft: bool = False,
    function: Function | None = None,
) -> Manifest:
    """The manifest of a submission whose every fault was looked for.

    Places ``code`` among the files. A push may come without a description.
    complete: refuse missing required fields.
    function: the one it is for, which keeps a category that was retired.
    """
    raw, faults = submission.manifest, submission.faults
    if not is_whole_draft:
        raw["entrypoint"] = _place_code(submission)
    categories, aliases = accepted_categories(function)
    manifest, found = Manifest.read(
        raw, categories=categories, aliases=aliases, complete=complete
    )
    faults.warnings += found.warnings + tag_warnings(manifest["tags"])
    known = {fault.field for fault in faults.found}
    faults.found += [
        fault
        for fault in found.found
        if fault.field not in known
        and (fault.field != "description" or raw.get("description"))
    ]
    faults.found += paths.check_files(submission.files)
    faults.found += paths.check_readme(submission.readme)
    # A part with a fault of its own is not reported as missing too.
    unread = {fault.field for fault in faults.found} & {"code", "files", "entrypoint"}
    if not is_whole_draft and not unread:
        faults.found += intake.check_code(manifest, submission.files, submission.code)
    errors.refuse(faults.found)
    return manifest


def _place_code(submission: intake.Submission):
    """The entrypoint's path; a name of the wrong type is left for the manifest."""
    named = submission.manifest.get("entrypoint") or ""
    if not isinstance(named, str):
        return named
    return intake.place_code(
        submission, named=named, language=submission.manifest.get("language") or ""
    )


def merge(
    submission: intake.Submission, manifest: dict, files: dict, readme: str
) -> None:
    """Fill ``submission`` with what it did not send, from what is there already."""
    for name in submission.cleared:
        submission.manifest[name] = []
    submission.manifest = manifest | submission.manifest
    kept = files.keys() - submission.dropped
    submission.files = {path: files[path] for path in kept} | submission.files
    entrypoint = submission.manifest.get("entrypoint")
    if submission.code and submission.code.strip() and isinstance(entrypoint, str):
        sent_again = submission.code in submission.files.values()
        if not sent_again and files.get(entrypoint) == submission.files.get(entrypoint):
            submission.files[entrypoint] = submission.code
    submission.readme = submission.readme or readme


def write(
    draft: Draft,
    manifest: Manifest,
    files: dict,
    readme: str,
    budget: quotas.Budget | None,
) -> bool:
    """Store new content in ``draft``. Returns False when it has that content.

    budget: the owner's; None: the caller looks at it. Raises QuotaExceeded.
    """
    values = manifest.as_json()
    if (draft.manifest, draft.files, draft.readme) == (values, files, readme):
        return False
    size, was = quotas.size_of(values, files, readme), open_size(draft)
    if budget:
        budget.require_draft(size, was=was)
    draft.stored_bytes = size
    draft.manifest, draft.files, draft.readme = values, files, readme
    draft.version = None
    draft.revision += 1
    draft.updated_at = timezone.now()
    draft.save()
    return True


def open_size(draft: Draft) -> int | None:
    """The bytes of a draft that is stored and open, else None."""
    is_open = not draft._state.adding and draft.version_id is None
    return draft.stored_bytes if is_open else None


def locked(draft: Draft, by: Account, switch: str = switches.READ_ONLY) -> Draft:
    """``draft`` as it stands, its function locked for this transaction.

    Raises NotFound when it is gone or not ``by``'s, and ReadOnly while ``switch`` is
    off.
    """
    function = owned(draft.function_id, by, switch)
    fresh = LOCKED_DRAFT.first(draft.pk)
    if fresh is None:
        raise errors.NotFound("There is no such draft.")
    fresh.function = function
    return fresh


def owned(function_id: int, by: Account, switch: str = switches.READ_ONLY) -> Function:
    """The function, locked for a change.

    Raises NotFound unless ``by`` owns it, and ReadOnly while ``switch`` is off.
    """
    function = LOCKED_OWN.first(function_id, by.pk)
    switches.require(switch)
    if function is None:
        raise errors.NotFound("There is no such function.")
    function.owner = by
    return function


def note_rename(submission: intake.Submission, slug: str, function: Function) -> None:
    """Warn a client that used a slug from before a rename."""
    if function.slug != slug:
        submission.faults.warnings.append(
            f"{slug} was renamed to {function.slug}; change the name in aerostack.json."
        )


def check_revision(draft: Draft, revision: int | None) -> None:
    if revision is not None and revision != draft.revision:
        raise errors.EditConflict(
            f"The draft is at revision {draft.revision} by now, not {revision}; "
            "nothing was changed."
        )


def files_of(version: Version) -> dict[str, str]:
    """path -> text of a version."""
    return dict(version.files.values_list("path", "blob__text"))


def shown_readme(function: Function) -> str:
    return function.readme.text if function.readme_id else ""


def touch(function: Function) -> None:
    """Note that someone works on ``function``, so its claim is not idle."""
    function.active_at = timezone.now()
    function.save(update_fields=["active_at"])


def secret_warnings(files: dict) -> list[str]:
    return [
        f"{secret.path}:{secret.line} looks like a credential ({secret.rule}: "
        f"{secret.masked}); publishing will refuse it."
        for secret in find_secrets(files)
    ]
