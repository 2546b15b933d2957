"""Slugs: made from names, reserved, look-alike as usernames are."""

import re

from accounts.names import is_reserved, look_alike
from registry import errors

__all__ = ["check_name", "look_alike", "mixes_scripts", "slugify"]

MIN_SLUG_CHARACTERS, MAX_SLUG_CHARACTERS = 2, 58
# Letters of the scripts Latin and Common, as ranges; what a range holds besides is no
# letter. Source: Unicode 14, Scripts.txt.
LATIN_OR_COMMON = """
    41-2EE 374 640 1CE9-1D25 1D2C-1D5C 1D62-1D65 1D6B-1D77 1D79-1DBE 1E00-1EFF 2071-2124
    2128-2184 2C60-2C7F 2E2F 3006-3035 303C 30FC A717-A7FF A9CF AB30-AB64 AB66-AB69
    FB00-FB06 FF21-FF5A FF70 FF9E-FF9F 10780-107BA 1D400-1DF1E
"""
_RANGES = [
    (int(first, 16), int(last or first, 16))
    for first, _, last in (part.partition("-") for part in LATIN_OR_COMMON.split())
]


def slugify(name: str) -> str:
    """The slug of ``name``; may be empty.

    Django's slugify folds accents, so it gives other results than the clients.
    Source: docs/manifest.md, "name".
    """
    kept = re.sub(r"[^a-z0-9_\s-]", "", name.strip().lower())
    return re.sub(r"-+", "-", re.sub(r"[\s_]+", "-", kept)).strip("-")


def mixes_scripts(text: str) -> bool:
    """Whether ASCII letters stand in ``text`` with letters of a script other than Latin
    or Common. A slug drops those, so that one which looks like an ASCII letter would
    make another name of it. Source: docs/manifest.md, "name".

    >>> mixes_scripts("p\N{CYRILLIC SMALL LETTER A}ypal"), mixes_scripts("caf\xe9")
    (True, False)
    """
    letters = {char for char in text.lower() if char.isalpha()}
    return any(char.isascii() for char in letters) and not all(
        any(first <= ord(char) <= last for first, last in _RANGES) for char in letters
    )


def check_name(name: str, *, field: str = "name") -> str:
    """The slug that ``name`` gives.

    Raises InvalidName (mixed scripts, nothing left, too short, too long) or
    ReservedName.
    """
    slug = slugify(name)
    if mixes_scripts(name):
        raise errors.InvalidName(
            f"The name {errors.shown(name)} mixes ASCII letters with those of another "
            "script, which the slug would lose.",
            field=field,
        )
    if any(map(is_reserved, {name.strip(), slug})):
        raise errors.ReservedName(f"{errors.shown(name)} is reserved.", field=field)
    if not MIN_SLUG_CHARACTERS <= len(slug) <= MAX_SLUG_CHARACTERS:
        raise errors.InvalidName(
            f"The name {errors.shown(name)} gives the slug {errors.shown(slug)}, "
            f"which is not {MIN_SLUG_CHARACTERS} to {MAX_SLUG_CHARACTERS} characters "
            "long.",
            field=field,
        )
    return slug
