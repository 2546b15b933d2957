"""SemVer 2.0.0 (semver.org), and a key by which databases can sort versions."""

from dataclasses import dataclass

import semver

from registry import errors

MAX_VERSION_CHARACTERS = 64
MAX_COMPONENT = 2**53 - 1  # the largest integer that is exact in JavaScript


@dataclass(frozen=True)
class Semver:
    """A parsed version. text: as the author wrote it."""

    text: str
    parsed: semver.Version

    @property
    def precedence(self) -> str:
        """The version without build metadata, which makes no new version (SemVer 2.0.0,
        10)."""
        return self.text.partition("+")[0]

    @property
    def is_prerelease(self) -> bool:
        return bool(self.parsed.prerelease)

    @property
    def sort_key(self) -> str:
        """Text that sorts in SemVer's order (SemVer 2.0.0, 11).

        Digits and a to f only, so that every collation agrees: three components of
        14 hexadecimal digits, then ``f`` for a release, or ``0`` and each
        pre-release identifier: ``1`` + length + digits for a number, ``2`` +
        hexadecimal ASCII + ``00`` for a word, ``0`` where the list ends.
        """
        numbers = (self.parsed.major, self.parsed.minor, self.parsed.patch)
        head = "".join(f"{number:014x}" for number in numbers)
        if not self.parsed.prerelease:
            return head + "f"
        parts = self.parsed.prerelease.split(".")
        return head + "0" + "".join(_identifier_key(part) for part in parts) + "0"


def _identifier_key(part: str) -> str:
    if part.isdecimal():
        return f"1{len(part):02d}{part}"
    return "2" + part.encode("ascii").hex() + "00"


def parse(text: str, *, field: str = "version") -> Semver:
    """``text`` as a version.

    Raises InvalidVersion when it is not SemVer 2.0.0, longer than
    MAX_VERSION_CHARACTERS, or has a component above MAX_COMPONENT.
    """
    # Check the length first: the library has no limit.
    if len(text) > MAX_VERSION_CHARACTERS:
        raise errors.InvalidVersion(
            f"Version {errors.shown(text)} is longer than "
            f"{MAX_VERSION_CHARACTERS} characters.",
            field=field,
        )
    try:
        parsed = semver.Version.parse(text)
    except ValueError:
        raise errors.InvalidVersion(
            f"Version {errors.shown(text)} is not SemVer 2.0.0.", field=field
        ) from None
    if max(parsed.major, parsed.minor, parsed.patch) > MAX_COMPONENT:
        raise errors.InvalidVersion(
            f"Version {errors.shown(text)} has a component above 2^53-1.", field=field
        )
    return Semver(text, parsed)


def next_patch(text: str) -> str:
    """The smallest release above ``text``."""
    parsed = parse(text).parsed
    return str(parsed.finalize_version() if parsed.prerelease else parsed.bump_patch())
