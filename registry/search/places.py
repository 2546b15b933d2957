"""Popularity as one number that both orders and names a search document."""

import math

# The most popular functions; only these are ranked by their text, so that no query
# ever ranks a million rows.
HOT_ROWS = 10_000
STAR_WEIGHT = 10  # installs that one star counts for
STEPS = 16  # per doubling; a place changes only when popularity does by 4 %

_SCORES = 1 << 20
_IDS = 1 << 32
SUNK = _SCORES * _IDS  # where deprecated and yanked functions begin


def place_of(function_id: int, *, installs: int, stars: int, is_sunk: bool) -> int:
    """Where a function stands in order of popularity: smaller is earlier.

    Unique, because it ends in the id (newer first among equals), and small enough
    for a 64-bit row number. What is sunk comes after everything else.
    """
    popularity = installs + STAR_WEIGHT * stars
    score = 0 if is_sunk else 1 + round(STEPS * math.log2(1 + popularity))
    return (_SCORES - score) * _IDS + _IDS - 1 - function_id


def function_at(place: int) -> int:
    """The id of the function whose place this is."""
    return _IDS - 1 - place % _IDS
