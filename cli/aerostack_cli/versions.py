"""Compare versions, and find the newest one."""

from __future__ import annotations


def is_newer(version: str, than: str) -> bool:
    """Compare by SemVer precedence; False if either is not a SemVer version."""
    from semver import Version

    try:
        return Version.parse(version) > Version.parse(than)
    except ValueError:
        return False


def newest_live(versions: list[dict]) -> str:
    """The newest of ``versions`` (newest first) that is not yanked: a release, else a
    pre-release, else ""."""
    live = [
        str(item.get("version"))
        for item in versions
        if not item.get("yanked") and item.get("version")
    ]
    releases = [version for version in live if "-" not in version.partition("+")[0]]
    return next(iter(releases or live), "")
