"""What would happen if a draft were published now; changes nothing."""

from dataclasses import dataclass, field

from registry import errors, semver, switches
from registry.errors import RegistryError
from registry.manifest import Manifest
from registry.models import Draft, Version
from registry.publishing import quotas, releases, waivers
from registry.publishing.claims import require_claim


@dataclass
class Rehearsal:
    """faults: every reason publishing would refuse, empty when it would not.

    becomes_latest: would the Hub show it as the latest version? suggestion: a free
    version number, where the draft's own is taken. existing: the version that has
    this very content already.
    """

    number: str
    faults: list[RegistryError] = field(default_factory=list)
    existing: Version | None = None
    becomes_latest: bool = True
    suggestion: str = ""


def rehearse(draft: Draft) -> Rehearsal:
    """Go through publishing ``draft`` without writing; collects, never raises.

    ``publish`` looks again, with the function locked: this is for people.
    """
    told = Rehearsal(draft.number)
    function = draft.function
    try:
        manifest = releases.check_complete(draft)
    except RegistryError as error:
        told.faults += error.faults or [error]
        manifest = None
    if manifest:
        told.becomes_latest = _becomes_latest(draft)
        hashes = releases.hashes_of(draft.files)
        try:
            told.existing = releases.same_version(function, manifest, hashes)
        except errors.VersionConflict as error:
            told.faults.append(error)
            told.suggestion = free_number(draft)
    for rule in (
        lambda: switches.require("publishing"),
        lambda: require_claim(function),
        lambda: releases.refuse_stopped(function),
        lambda: waivers.refuse_secrets(function, draft.files),
        lambda: _require_room(draft, manifest, told.existing),
    ):
        try:
            rule()
        except RegistryError as error:
            told.faults += error.faults or [error]
    return told


def _require_room(
    draft: Draft, manifest: Manifest | None, existing: Version | None
) -> None:
    """Raise QuotaExceeded when the version is new and has no room."""
    if manifest and not existing:
        budget = quotas.Budget(draft.function.owner)
        budget.require_published(releases.size_of(draft, manifest))


def free_number(draft: Draft) -> str:
    """The smallest release above the draft's version that no version has."""
    number = draft.number
    taken = set(draft.function.versions.values_list("precedence", flat=True))
    while semver.parse(number).precedence in taken:
        number = semver.next_patch(number)
    return number


def _becomes_latest(draft: Draft) -> bool:
    latest = draft.function.latest
    if latest is None:
        return True
    number = semver.parse(draft.number)
    if number.is_prerelease != latest.is_prerelease:
        return latest.is_prerelease
    return number.sort_key > latest.sort_key
