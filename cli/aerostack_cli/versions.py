"""Which version is newer, and which is the newest to move to."""

from __future__ import annotations


def is_newer(version: str, than: str) -> bool:
    """SemVer precedence; False when either is no SemVer version."""
    from semver import Version

    try:
        return Version.parse(version) > Version.parse(than)
    except ValueError:
        return False


def newest_live(versions: list[dict]) -> str:
    """The newest of a Hub's ``versions`` (newest first) that is not yanked: a
    release if there is one, else a prerelease, else empty."""
    live = [
        str(item.get("version"))
        for item in versions
        if not item.get("yanked") and item.get("version")
    ]
    releases = [version for version in live if "-" not in version.partition("+")[0]]
    return next(iter(releases or live), "")
