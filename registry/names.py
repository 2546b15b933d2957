"""Slugs: made from names, reserved, look-alike."""

import re

from accounts.names import is_reserved
from registry import errors

MIN_SLUG_CHARACTERS, MAX_SLUG_CHARACTERS = 2, 58
# Characters that look alike in common fonts. Digits first: c1 -> cl -> d.
LOOK_ALIKES = [
    ("0", "o"),
    ("1", "l"),
    ("rn", "m"),
    ("vv", "w"),
    ("cl", "d"),
    ("i", "l"),
]


def slugify(name: str) -> str:
    """The slug of ``name``; may be empty.

    Django's slugify folds accents, so it gives other results than the clients.
    Source: docs/manifest.md, "name".
    """
    kept = re.sub(r"[^a-z0-9_\s-]", "", name.strip().lower())
    return re.sub(r"-+", "-", re.sub(r"[\s_]+", "-", kept)).strip("-")


def look_alike(slug: str) -> str:
    """The normal form shared by all slugs that look alike.

    >>> look_alike("str1pe") == look_alike("stri-pe") == look_alike("stripe")
    True
    """
    segments = slug.split("-")
    for seen, read in LOOK_ALIKES:
        segments = [segment.replace(seen, read) for segment in segments]
    return "".join(segments)


def check_name(name: str, *, field: str = "name") -> str:
    """The slug that ``name`` gives.

    Raises InvalidName (nothing left, too short, too long, invisible characters)
    or ReservedName.
    """
    slug = slugify(name)
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
