"""Freezing a draft into a permanent version."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, record
from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry import errors, integrity, paths, semver
from registry.catalog.vocabulary import accepted_categories
from registry.content import derived
from registry.listing import sync
from registry.manifest import FROZEN, Manifest
from registry.models import (
    Blob,
    Category,
    Draft,
    Function,
    FunctionQuarantine,
    NameHold,
    Removal,
    Version,
    VersionFile,
)
from registry.publishing import drafts, intake, quotas, waivers
from registry.publishing.claims import require_claim

# What each publish asks of a function, with its row locked.
NUMBERED = Prepared(
    lambda function, precedence: Version.objects.filter(
        function=function, precedence=precedence
    ).select_related("yank", "quarantine")
)
HELD = Prepared(lambda function: NameHold.objects.filter(function=function))
TAKEN_DOWN = Prepared(
    lambda function: FunctionQuarantine.objects.filter(function=function)
)
CATEGORY = Prepared(lambda slug: Category.objects.filter(slug=slug))
REMOVED = Prepared(
    lambda blobs: (
        Removal.objects.filter(blob__pk__in=AnyOf(blobs, "text"))
        .exclude(confirmed_by=None)
        .values_list("pk")
    )
)


@dataclass
class Publication:
    """The outcome of publishing: the version, and whether it was there before."""

    version: Version
    already_published: bool


@transaction.atomic
def publish(
    draft: Draft,
    *,
    by: Account,
    via: str,
    revision: int | None = None,
    is_exempt: bool = False,
) -> Publication:
    """Freeze ``draft`` into a permanent version and put its function on the Hub.

    The one way a version comes into being: the Admin's button, ``functions publish``
    and CI all end here. The draft stays, so its author can go on from it.

    revision: of the draft the author looked at; None skips the comparison.
    is_exempt: no quota holds; for seeding, imports and manage.py.

    Returns the version; publishing the same draft, or the same version with the same
    content, again changes nothing and says so.

    Raises NotFound (not its owner's), EditConflict, VersionConflict (the number is
    taken by other content, or yanked), SecretFound, QuotaExceeded (published bytes),
    and every fault of Manifest.parse and check_files. Source: docs/lifecycle.md,
    "Publish", after "Version snapshots are permanent" in the product's command line
    guide.
    """
    # Two publishes of one function run one after the other, because this locks its
    # row; the unique constraint on Version is the backstop.
    budget = quotas.locked(by, is_exempt=is_exempt)
    draft = drafts.locked(draft, by, "publishing")
    drafts.check_revision(draft, revision)
    return release(draft, by=by, via=via, budget=budget)


def release(
    draft: Draft, *, by: Account, via: str, budget: quotas.Budget
) -> Publication:
    """``publish`` for a draft whose function this transaction has locked, where the
    switch for publishing was looked at."""
    function = draft.function
    if draft.version_id:
        _refuse_retracted(draft.version)
        return Publication(draft.version, already_published=True)
    # Again: rules may have tightened since the push.
    manifest = check_complete(draft)
    hashes = hashes_of(draft.files)
    existing = same_version(function, manifest, hashes)
    if existing:
        return Publication(existing, already_published=True)
    require_claim(function)
    refuse_stopped(function)
    waivers.refuse_secrets(function, draft.files)
    texts = _texts(draft, hashes)
    _refuse_removed(texts)
    category = _category(manifest)
    size = size_of(draft, manifest)
    budget.require_published(size)
    version = _insert(draft, manifest, hashes, texts, size, by=by, via=via)
    draft.version = version
    draft.save(update_fields=["version"])
    record("publish", version, by=by, via=via, draft=str(draft.pk))
    sync.after_publish(function, version, manifest, category)
    derived.enqueue(version)
    return Publication(version, already_published=False)


def _refuse_removed(texts: dict[str, str]) -> None:
    """Raise Conflict when staff removed one of ``texts``, by their hashes."""
    if REMOVED(AnyOf.pack(texts)):
        raise errors.Conflict(
            "A file has content that staff removed from this Hub; it can't be "
            "published again."
        )


def _category(manifest: Manifest) -> Category:
    """Raises InvalidCategory: staff changed it since the manifest was checked."""
    category = CATEGORY.first(manifest["category"])
    if category is None:
        raise errors.InvalidCategory(
            "Staff renamed or removed the category "
            f"{errors.shown(manifest['category'])} just now. Publish again.",
            field="category",
        )
    return category


def check_complete(draft: Draft) -> Manifest:
    """The manifest of a draft that may be published. Raises every fault at once."""
    categories, aliases = accepted_categories(draft.function)
    manifest, faults = Manifest.read(
        draft.manifest, categories=categories, aliases=aliases
    )
    found = faults.found + paths.check_files(draft.files)
    found += paths.check_readme(draft.readme)
    found += intake.check_code(manifest, draft.files, draft.code)
    errors.refuse(found)
    return manifest


def hashes_of(files: dict[str, str]) -> dict[str, str]:
    """path -> hexadecimal SHA-256 of its text."""
    return {path: integrity.sha256_of(text) for path, text in files.items()}


def same_version(
    function: Function, manifest: Manifest, hashes: dict[str, str]
) -> Version | None:
    """The version of that number, when it has this very content; None when it is free.

    Content is the file hashes and the frozen manifest fields; README and listing
    fields don't count. Raises VersionConflict for other content, or a yanked one.
    """
    precedence = semver.parse(manifest["version"]).precedence
    existing = NUMBERED.first(function.pk, precedence)
    if existing is None:
        return None
    existing.function = function
    _refuse_retracted(existing)
    sealed = integrity.of_files(hashes)
    ours, theirs = frozen(manifest.values), frozen(existing.manifest)
    if sealed != existing.integrity or ours != theirs:
        what = ["files"] if sealed != existing.integrity else []
        what += [name for name in ours if ours[name] != theirs[name]]
        raise errors.VersionConflict(
            f"Version {existing.number} of {function.slug} is already published with "
            f"other content ({', '.join(what)}).",
            field="version",
            published=existing.integrity,
            sent=sealed,
        )
    return existing


def frozen(values: dict) -> dict:
    """The fields a version can't share with another one of its number.

    The number itself is compared by precedence: build metadata makes no new version.
    """
    return {name: values.get(name) for name in FROZEN if name != "version"}


def refuse_stopped(function: Function) -> None:
    """Raise Conflict while staff keep ``function`` off the Hub, or hold its name."""
    held, stopped = HELD.first(function.pk), TAKEN_DOWN.first(function.pk)
    if held or stopped:
        what = "is quarantined" if stopped else "has a name that is on hold"
        raise errors.Conflict(
            f"{function.slug} {what}, so nothing new is published under it: "
            f"{(stopped or held).reason} Your draft is kept; see Decisions in the "
            "Admin to appeal."
        )


def _refuse_retracted(version: Version) -> None:
    if version.is_quarantined:
        raise errors.VersionConflict(
            f"Version {version.number} was published and quarantined; its number "
            "can't be used again.",
            field="version",
        )
    if version.is_yanked:
        raise errors.VersionConflict(
            f"Version {version.number} was published and yanked; its number can't be "
            "used again.",
            field="version",
        )


def _texts(draft: Draft, hashes: dict[str, str]) -> dict[str, str]:
    """hash -> text, of the files and the README."""
    texts = {hashes[path]: text for path, text in draft.files.items()}
    if draft.readme.strip():
        texts[integrity.sha256_of(draft.readme)] = draft.readme
    return texts


def size_of(draft: Draft, manifest: Manifest) -> int:
    """The bytes that a version made of ``draft`` counts for."""
    return quotas.size_of(manifest.as_json(), draft.files, draft.readme)


def _insert(
    draft: Draft,
    manifest: Manifest,
    hashes: dict[str, str],
    texts: dict[str, str],
    stored_bytes: int,
    *,
    by: Account,
    via: str,
) -> Version:
    # A text that is there already stays as it is. In one order: two publishes that
    # share texts must not wait for one another.
    Blob.objects.bulk_create(
        [_blob(*pair) for pair in sorted(texts.items())], ignore_conflicts=True
    )
    number = semver.parse(manifest["version"])
    version = Version.objects.create(
        function=draft.function,
        number=number.text,
        precedence=number.precedence,
        sort_key=number.sort_key,
        is_prerelease=number.is_prerelease,
        manifest=manifest.as_json(),
        readme_id=integrity.sha256_of(draft.readme) if draft.readme.strip() else None,
        integrity=integrity.of_files(hashes),
        size=sum(paths.size_of(text) for text in draft.files.values()),
        stored_bytes=stored_bytes,
        draft_uid=draft.pk,
        published_by=by.username,
        via=via,
        published_at=timezone.now(),
    )
    VersionFile.objects.bulk_create(
        VersionFile(version=version, path=path, blob_id=sha256)
        for path, sha256 in sorted(hashes.items())
    )
    return version


def _blob(sha256: str, text: str) -> Blob:
    return Blob(sha256=sha256, size=paths.size_of(text), text=text)
