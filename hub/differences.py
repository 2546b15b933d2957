"""Two versions of a function side by side: lines, words, and what they newly use."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from django.core.cache import caches

from registry.content import comparison
from registry.inspection import uses
from registry.models import Version

KEPT_SECONDS = 600  # no longer: staff may have a text removed
# A failure is kept too, or each request for two slow texts would cost the worker two
# seconds. But where the worker had no time for them, that says nothing of the texts:
# else whoever keeps it busy could take comparisons away from others for long.
BUSY_SECONDS = 5
KINDS = {
    "packages": "npm packages",
    "variables": "Environment variables",
    "hosts": "Hosts it names",
    "storage": "Storage and bindings",
    "tables": "Tables",
}

Parts = list[tuple[str, bool]]  # (text, does it differ from the other side)


@dataclass(frozen=True)
class Side:
    """One line of one version; ``number`` from 1, None where there is no line."""

    number: int | None = None
    parts: Parts = ()
    kind: str = ""  # "", "added" or "removed"


@dataclass(frozen=True)
class NewUse:
    """What one kind of use gained and lost.

    Where the older version was not read whole, nothing is known to be new: what only
    the newer one is seen to use is in ``used``. Where the newer one was not, nothing is
    known to be gone.
    """

    title: str
    gained: list[str]
    lost: list[str]
    used: list[str] = field(default_factory=list)


_under_way: dict[str, Future] = {}  # by key; who asks meanwhile waits for the same
_lock = threading.Lock()


def compared(old: Version, new: Version) -> comparison.Comparison:
    """What changed from ``old`` to ``new``, in the worker; kept by their hashes, also
    where it failed."""
    key = f"compare:2:{old.integrity}:{new.integrity}"
    kept = caches["drawn"].get(key)
    if kept is not None:
        return kept
    if reason := caches["local"].get(key):
        return comparison.names_only(_hashes(old), _hashes(new), reason)
    with _lock:
        made = _under_way.get(key)
        is_first = made is None
        if is_first:
            made = _under_way[key] = Future()
    if is_first:
        try:
            made.set_result(_compare(key, old, new))
        except BaseException as error:
            made.set_exception(error)
        finally:
            with _lock:
                del _under_way[key]
    return made.result()


def _compare(key: str, old: Version, new: Version) -> comparison.Comparison:
    def keep(files: list | None, reason: str) -> None:
        if reason:
            caches["local"].set(key, reason, KEPT_SECONDS)
        else:
            caches["drawn"].set(key, comparison.Comparison(files), KEPT_SECONDS)

    made = comparison.compare(_texts(old), _texts(new), settled=keep)
    if made.reason:  # unless it is known by now what the worker makes of them
        caches["local"].add(key, made.reason, BUSY_SECONDS)
    return made


def new_uses(old: Version, new: Version) -> list[NewUse]:
    """What ``new`` asks for or touches that ``old`` did not, and the other way round.

    old, new: with ``inspection`` loaded, which they may lack.
    """
    before, after = _uses(old), _uses(new)
    found = []
    for kind, title in KINDS.items():
        had = {use.name for use in getattr(before, kind)}
        has = {use.name for use in getattr(after, kind)}
        gained = [] if before.missing else sorted(has - had)
        lost = [] if after.missing else sorted(had - has)
        used = sorted(has - had) if before.missing else []
        if gained or lost or used:
            found.append(NewUse(title, gained, lost, used))
    return found


def not_read(old: Version, new: Version) -> list[tuple[str, str]]:
    """(number, why) of each of the two whose code was not read whole."""
    sides = [
        (each.number, _uses(each).missing)
        for each in {old.pk: old, new.pk: new}.values()
    ]
    return [(number, why) for number, why in sides if why]


def manifest_changes(old: Version, new: Version) -> list[tuple[str, object, object]]:
    """(field, before, after) of aerostack.json, but for the version itself."""
    names = sorted(old.manifest.keys() | new.manifest.keys())
    return [
        (name, _shown(old.manifest.get(name)), _shown(new.manifest.get(name)))
        for name in names
        if name != "version" and old.manifest.get(name) != new.manifest.get(name)
    ]


def paired(lines: list[list]) -> list[tuple[Side, Side]]:
    """The lines of a hunk as pairs, for showing the versions beside each other.

    lines: ``[kind, number before, number after, text]`` of comparison.compare_texts.
    A removed line stands beside the added one that took its place; what differs
    within the two is told apart.
    """
    pairs: list[tuple[Side, Side]] = []
    removed: list[list] = []
    added: list[list] = []
    for line in [*lines, [" ", None, None, ""]]:
        if line[0] == "-" and not added:
            removed.append(line)
            continue
        if line[0] == "+":
            added.append(line)
            continue
        pairs += _replaced(removed, added)
        removed, added = ([line], []) if line[0] == "-" else ([], [])
        if line[0] == " " and line[1] is not None:
            parts = [(line[3], False)]
            pairs.append((Side(line[1], parts), Side(line[2], parts)))
    return pairs


def unified(pairs: list[tuple[Side, Side]]) -> list[tuple[int, int, Side]]:
    """The pairs as lines below each other: (number before, number after, line), what
    was removed before what took its place."""
    lines, added = [], []
    for old, new in pairs:
        if not old.kind and not new.kind:
            lines += [*added, (old.number, new.number, new)]
            added = []
            continue
        if old.kind:
            lines.append((old.number, None, old))
        if new.kind:
            added.append((None, new.number, new))
    return lines + added


def _replaced(removed: list[list], added: list[list]) -> list[tuple[Side, Side]]:
    pairs = []
    for index in range(max(len(removed), len(added))):
        old = removed[index] if index < len(removed) else None
        new = added[index] if index < len(added) else None
        if old and new:
            old_parts, new_parts = _words(old[3], new[3])
        else:
            old_parts = [(old[3], False)] if old else []
            new_parts = [(new[3], False)] if new else []
        left = Side(old[1], old_parts, "removed") if old else Side()
        right = Side(new[2], new_parts, "added") if new else Side()
        pairs.append((left, right))
    return pairs


def _words(old: str, new: str) -> tuple[Parts, Parts]:
    """Both lines, with the one stretch between common beginning and end marked.

    Linear, where comparing word by word would be quadratic in what strangers write.
    """
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start] == new[start]:
        start += 1
    while start and (_splits(old, start) or _splits(new, start)):
        start -= 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    while end and (_splits(old, len(old) - end) or _splits(new, len(new) - end)):
        end -= 1
    if not (old[:start] + old[len(old) - end :]).strip():
        return [(old, False)], [(new, False)]  # nothing in common worth telling apart
    return _cut(old, start, end), _cut(new, start, end)


def _splits(text: str, at: int) -> bool:
    """Is ``at`` inside a word of ``text``?"""
    around = text[at - 1 : at + 1]
    return 0 < at < len(text) and all(c.isalnum() or c == "_" for c in around)


def _cut(text: str, start: int, end: int) -> Parts:
    stop = len(text) - end
    parts = [(text[:start], False), (text[start:stop], True), (text[stop:], False)]
    return [part for part in parts if part[0]]


def _texts(version: Version) -> dict[str, str]:
    return dict(version.files.values_list("path", "blob__text"))


def _hashes(version: Version) -> dict[str, str]:
    return dict(version.files.values_list("path", "blob"))


def _uses(version: Version) -> uses.Uses:
    inspection = getattr(version, "inspection", None)
    return uses.uses_of(version.manifest, inspection.report if inspection else {})


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
