"""New names that resemble the name of a well-used function.

A reader of one may mean the other, so staff look at each (docs/moderation.md,
"Look-alike names"). Names that read exactly alike are refused before: see NameClaim.
"""

import time

from registry.models import Case, Function
from registry.names import look_alike

WELL_USED_INSTALLS = 10
COMPARED = 1000  # the most installed functions
AFFIXES = ("js", "ts", "node", "official", "new", "2", "lib")
MIN_TYPO_CHARACTERS = 5  # shorter names are one letter apart by nature
KNOWN_SECONDS = 60  # how long a process keeps the list of them
_known: tuple[float, list, dict] | None = None  # until when, the rows, by trait


def note(function: Function) -> Case | None:
    """Put ``function``, just claimed, in the queue when its name resembles that of a
    well-used function of somebody else."""
    used, by_trait = _well_used()
    near = set().union(*(by_trait.get(trait, ()) for trait in _traits(function.slug)))
    for place in sorted(near):
        pk, slug, owner_id = used[place]
        how = owner_id != function.owner_id and resemblance(function.slug, slug)
        if how and Function.objects.listed().filter(pk=pk).exists():
            return Case.objects.create(
                kind="look_alike", function=function, rival_id=pk, note=how
            )
    return None


def _well_used() -> tuple[list[tuple[int, str, int]], dict[tuple, list[int]]]:
    """(id, slug, owner's id) of the well-used functions, most installed first; and
    trait -> places in that list. Kept for KNOWN_SECONDS: names are claimed far more
    often than the list changes."""
    global _known
    if _known is None or time.monotonic() >= _known[0]:
        listed = Function.objects.listed().order_by("-install_count", "-id")
        well_used = listed.filter(install_count__gte=WELL_USED_INSTALLS)
        used = list(well_used.values_list("pk", "slug", "owner")[:COMPARED])
        by_trait: dict[tuple, list[int]] = {}
        for place, (_, slug, _) in enumerate(used):
            for trait in _traits(slug):
                by_trait.setdefault(trait, []).append(place)
        _known = time.monotonic() + KNOWN_SECONDS, used, by_trait
    return _known[1:]


def _traits(slug: str) -> set[tuple]:
    """Two slugs that resemble one another share at least one of these.

    Two slugs that differ by one mistyped letter (added, left out, replaced or swapped)
    read the same when one letter at most is left out of each.
    """
    read = look_alike(slug)
    left_out = {read[:at] + read[at + 1 :] for at in range(len(read))} | {read}
    return {
        ("words", *sorted(slug.split("-"))),
        ("bare", look_alike(_without_affixes(slug))),
        *(("typo", text) for text in left_out),
    }


def resemblance(slug: str, other: str) -> str:
    """How ``slug`` resembles ``other``, as words for staff; "" when it doesn't."""
    if slug == other:
        return ""
    if look_alike(slug) == look_alike(other):
        return "look-alike characters"
    if sorted(slug.split("-")) == sorted(other.split("-")):
        return "swapped words"
    bare, other_bare = _without_affixes(slug), _without_affixes(other)
    if look_alike(bare) == look_alike(other_bare):
        return "an added or left out affix"
    if len(other) >= MIN_TYPO_CHARACTERS:
        return _typo(look_alike(slug), look_alike(other))
    return ""


def _without_affixes(slug: str) -> str:
    words = slug.split("-")
    while len(words) > 1 and words[-1] in AFFIXES:
        words.pop()
    while len(words) > 1 and words[0] in AFFIXES:
        words.pop(0)
    return "-".join(words)


def _typo(text: str, other: str) -> str:
    """One slip of the fingers between the two, if there is just one."""
    if abs(len(text) - len(other)) > 1:
        return ""
    start = 0
    while start < min(len(text), len(other)) and text[start] == other[start]:
        start += 1
    rest, other_rest = text[start:], other[start:]
    if rest[1:] == other_rest:
        doubled = start and text[start] == text[start - 1]
        return "a doubled letter" if doubled else "an added letter"
    if rest == other_rest[1:]:
        return "a dropped letter"
    if rest[1:] == other_rest[1:]:
        return "an exchanged letter"
    if rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]:
        return "two letters swapped"
    return ""
