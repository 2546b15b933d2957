"""Quarantine of functions and versions, and removal of files."""

from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from registry import errors
from registry.content import derived
from registry.listing import sync
from registry.models import (
    Blob,
    Decision,
    Function,
    FunctionQuarantine,
    Inspection,
    Removal,
    Rendering,
    Version,
    VersionQuarantine,
)
from registry.moderation.deciding import (
    Grounds,
    decide,
    last,
    locked,
    require_published,
    set_mark,
)


@transaction.atomic
def quarantine_function(
    function: Function, grounds: Grounds, *, by: Account
) -> Decision:
    """Take ``function`` out of lists, search and install; its page says why.

    Raises as ``decide``; Conflict when it is quarantined already, or not published.
    """
    function = locked(function)
    made = decide("quarantine_function", function, grounds, by=by, function=function)
    require_published(function)
    set_mark(
        FunctionQuarantine,
        made,
        function=function,
        conflict=f"{function} is quarantined already.",
    )
    _refresh_listing(function)
    return made


@transaction.atomic
def lift_function_quarantine(
    function: Function, grounds: Grounds, *, by: Account
) -> Decision:
    """End the quarantine of ``function``.

    Raises as ``decide``; Conflict when it is not quarantined.
    """
    function = locked(function)
    taken_back = last("quarantine_function", function=function)
    made = decide(
        "lift_function_quarantine",
        function,
        grounds,
        by=by,
        function=function,
        reverses=taken_back,
    )
    put_function_back(function)
    return made


@transaction.atomic
def quarantine_version(version: Version, grounds: Grounds, *, by: Account) -> Decision:
    """Take one version out of install, with its files and pages.

    Raises as ``decide``; Conflict when it is quarantined already.
    """
    function = locked(version.function)
    subject = f"{function}@{version.number}"
    made = decide("quarantine_version", subject, grounds, by=by, function=function)
    set_mark(
        VersionQuarantine,
        made,
        version=version,
        conflict=f"{subject} is quarantined already.",
    )
    _refresh_listing(function)
    return made


@transaction.atomic
def lift_version_quarantine(
    version: Version, grounds: Grounds, *, by: Account
) -> Decision:
    """Offer ``version`` again.

    Raises as ``decide``; Conflict when it is not quarantined, or one of its files was
    removed.
    """
    function = locked(version.function)
    subject = f"{function}@{version.number}"
    made = decide(
        "lift_version_quarantine",
        subject,
        grounds,
        by=by,
        function=function,
        reverses=last("quarantine_version", function=function, subject=subject),
    )
    put_version_back(function, version.number)
    return made


@transaction.atomic
def request_removal(
    function: Function, blob: Blob, grounds: Grounds, *, by: Account
) -> Removal:
    """Ask a second staff member to empty a file of ``function`` for good.

    Nothing changes until they confirm. Raises as ``decide`` (also when ``by`` owns any
    function that has the file); Conflict when the removal was requested already.
    """
    function = locked(function)
    subject = subject_of(function, blob)
    made = decide("request_removal", subject, grounds, by=by, function=function)
    _refuse_own_file(blob, by)
    if Removal.objects.filter(blob=blob).exists():
        raise errors.Conflict("The removal of this file was asked for already.")
    return Removal.objects.create(blob=blob, reason=made.reason, requested_by=by)


@transaction.atomic
def withdraw_removal(
    function: Function, removal: Removal, grounds: Grounds, *, by: Account
) -> Decision:
    """Withdraw a removal that is not confirmed yet.

    Raises as ``decide``; Conflict when it was confirmed.
    """
    function = locked(function)
    subject = subject_of(function, removal.blob)
    made = decide(
        "withdraw_removal",
        subject,
        grounds,
        by=by,
        function=function,
        reverses=last("request_removal", subject=subject),
    )
    _open_removal(removal).delete()
    return made


@transaction.atomic
def confirm_removal(
    function: Function, removal: Removal, grounds: Grounds, *, by: Account
) -> Decision:
    """Empty the file for good.

    Its row, hash and size stay. Every version that has it is quarantined, because it
    can't be installed whole.

    Raises as ``decide``; Conflict when it was confirmed before; OwnDecision when ``by``
    requested it, or owns a function that has the file.
    """
    function = locked(function)
    subject = subject_of(function, removal.blob)
    made = decide(
        "remove_file", subject, grounds, by=by, function=function, is_wide=True
    )
    removal = _open_removal(removal)
    if removal.requested_by_id == by.pk:
        raise errors.OwnDecision("You asked for this removal yourself.")
    _refuse_own_file(removal.blob, by)
    removal.confirmed_by, removal.confirmed_at = by, timezone.now()
    removal.save(update_fields=["confirmed_by", "confirmed_at"])
    Blob.objects.filter(pk=removal.blob_id).update(text="")
    Rendering.objects.filter(blob=removal.blob_id).delete()
    _take_down_uses(removal, made)
    return made


def subject_of(function: Function, blob: Blob) -> str:
    """The subject of decisions on a file of ``function``."""
    return f"{function} file {blob.sha256[:12]}"


def versions_with(blob: Blob):
    """The versions of all functions that have ``blob`` among their files."""
    return (
        Version.objects.filter(files__blob=blob)
        .select_related("function__owner")
        .distinct()
        .order_by("id")
    )


def put_function_back(function: Function) -> None:
    """Lift the quarantine of ``function``, a locked row. Raises Conflict if there is
    none."""
    deleted, _ = FunctionQuarantine.objects.filter(function=function).delete()
    if not deleted:
        raise errors.Conflict(f"{function} is not quarantined.")
    _refresh_listing(function)


def put_version_back(function: Function, number: str) -> None:
    """The same for one version of ``function``, a locked row."""
    version = function.versions.quarantined().filter(number=number).first()
    if version is None:
        raise errors.Conflict(f"{function}@{number} is not quarantined.")
    if version.files.filter(blob__removal__confirmed_at__isnull=False).exists():
        raise errors.Conflict(
            f"A file of {function}@{number} was removed for good, so it can't be "
            "offered again."
        )
    VersionQuarantine.objects.filter(version=version).delete()
    _refresh_listing(function)


def _refresh_listing(function: Function) -> None:
    sync.refresh(function, sync.latest_of(function))


def _open_removal(removal: Removal) -> Removal:
    fresh = Removal.objects.select_for_update().filter(pk=removal.pk).first()
    if fresh is None or fresh.confirmed_at:
        raise errors.Conflict("The removal was confirmed or withdrawn meanwhile.")
    return fresh


def _refuse_own_file(blob: Blob, by: Account) -> None:
    if Function.objects.owned_by(by).filter(versions__files__blob=blob).exists():
        raise errors.OwnDecision("A function of your own has this file.")


def _take_down_uses(removal: Removal, decision: Decision) -> None:
    versions = list(versions_with(removal.blob))
    VersionQuarantine.objects.bulk_create(
        (
            VersionQuarantine(
                version=version,
                rule=decision.rule,
                reason=decision.reason,
                by=decision.by,
            )
            for version in versions
        ),
        ignore_conflicts=True,
    )
    Inspection.objects.filter(version__in=versions).delete()
    for pk in {version.function_id for version in versions}:
        _refresh_listing(locked(Function(pk=pk)))
    for version in versions:
        again = partial(derived.schedule, version.pk, version.published_by)
        transaction.on_commit(again)
