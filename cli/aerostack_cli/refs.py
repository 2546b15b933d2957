"""References to functions on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from aerostack_cli.errors import UsageError
from aerostack_cli.paths import is_slug, is_username
from aerostack_cli.snapshot import is_version


@dataclass(frozen=True)
class Ref:
    """``[username/]slug[@version]``. Missing parts are empty strings."""

    username: str
    slug: str
    version: str = ""

    def __str__(self) -> str:
        name = f"{self.username}/{self.slug}" if self.username else self.slug
        return f"{name}@{self.version}" if self.version else name


def parse_ref(text: str) -> Ref:
    """Parse ``text``, which may start with ``@``. Raises UsageError."""
    name, _, version = text.removeprefix("@").partition("@")
    username, slash, slug = name.rpartition("/")
    good = is_slug(slug) and (is_username(username) if slash else True)
    if not good or (version and not is_version(version)) or text.endswith("@"):
        raise UsageError(
            f"'{text}' does not name a function.",
            fix="Write username/slug, slug, or username/slug@1.2.3.",
        )
    return Ref(username, slug, version)
