"""The rank key: popularity as one number, which orders search documents and names them.

Its column is called ``place``, in SQL and in the full-text tables too.
"""

import math

# The most popular functions. Only these are ranked by their text, so that no search
# ever ranks a million rows.
HOT_ROWS = 10_000
STAR_WEIGHT = 10  # installs that one star counts for
STEPS = 16  # per doubling: a key changes only when popularity does by 4 %

_SCORES = 1 << 20
_IDS = 1 << 32
DEMOTED = _SCORES * _IDS  # the keys of deprecated and yanked functions begin here


def rank_key_of(
    function_id: int, *, installs: int, stars: int, is_demoted: bool
) -> int:
    """The rank key of a function: the more popular it is, the smaller.

    Unique, because it ends in the id (newer first among equals), and small enough
    for a 64-bit row number. Demoted functions come after all others.
    """
    popularity = installs + STAR_WEIGHT * stars
    score = 0 if is_demoted else 1 + round(STEPS * math.log2(1 + popularity))
    return (_SCORES - score) * _IDS + _IDS - 1 - function_id


def function_id_of(rank_key: int) -> int:
    """The id of the function that has this rank key."""
    return _IDS - 1 - rank_key % _IDS
