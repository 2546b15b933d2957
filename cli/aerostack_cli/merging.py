"""Three-way merges of texts, and of a function's files.

Reads and writes no files; ``merge_files`` returns what to write.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from dataclasses import dataclass, field

from aerostack_cli.snapshot import sha256

MARKERS = ("<<<<<<<", "=======", ">>>>>>>")


def matches(data: bytes, digest: str) -> bool:
    """Whether ``data`` has the hex SHA-256 ``digest``, ignoring line ends: Git may
    change them on checkout."""
    lf = data.replace(b"\r\n", b"\n")
    return digest in (sha256(data), sha256(lf), sha256(lf.replace(b"\n", b"\r\n")))


def has_markers(data: bytes) -> bool:
    """Whether ``data`` has conflict markers of an earlier merge."""
    lines = data.splitlines()
    return all(
        any(line.startswith(mark.encode() + b" ") for line in lines)
        for mark in (MARKERS[0], MARKERS[2])
    )


@dataclass(frozen=True)
class Merged:
    """A merged text. conflicts: the number of conflicts marked in it."""

    text: str
    conflicts: int


def merge_text(base: str | None, mine: str, theirs: str, label: str) -> Merged:
    """Merge two edits of ``base``, with conflicts between markers.

    base: None if unavailable; then every difference is a conflict.
    label: names their side in the markers.

    Line ends and the final newline are merged too: the changed one wins, mine if both
    changed. If a text mixes line ends, they are compared with the lines.
    """
    texts = [mine if base is None else base, mine, theirs]
    ends = [_line_end(text) for text in texts]
    if None in ends:
        end = "\n"
    else:
        end = _three_way(*ends)
        texts = [text.replace("\r\n", "\n") for text in texts]
    lines = [text.removesuffix("\n").split("\n") if text else [] for text in texts]
    if base is None:
        merged, conflicts = _merge_two(*lines[1:], label)
    else:
        merged, conflicts = _merge_three(*lines, label)
    closed = _three_way(*(not text or text.endswith("\n") for text in texts))
    joined = "\n".join(merged) + ("\n" if merged and closed else "")
    return Merged(joined.replace("\n", end) if end != "\n" else joined, conflicts)


def _three_way(base, mine, theirs):
    return mine if mine != base else theirs


def _line_end(text: str) -> str | None:
    """The line end of ``text``; None if it mixes them."""
    windows = text.count("\r\n")
    if not windows:
        return "\n"
    return "\r\n" if windows == text.count("\n") else None


def _merge_three(base, mine, theirs, label) -> tuple[list[str], int]:
    from merge3 import Merge3

    # difflib's junk heuristic would match the wrong lines in longer files.
    matcher = functools.partial(difflib.SequenceMatcher, autojunk=False)
    merged: list[str] = []
    conflicts = 0
    for kind, *groups in Merge3(
        base, mine, theirs, sequence_matcher=matcher
    ).merge_groups():
        if kind == "conflict":
            conflicts += 1
            merged += _marked(groups[1], groups[2], label)
        else:
            [unmarked] = groups
            merged += unmarked
    return merged, conflicts


def _merge_two(mine, theirs, label) -> tuple[list[str], int]:
    merged: list[str] = []
    conflicts = 0
    matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            merged += mine[a:b]
        else:
            conflicts += 1
            merged += _marked(mine[a:b], theirs[c:d], label)
    return merged, conflicts


def _marked(mine: list[str], theirs: list[str], label: str) -> list[str]:
    start, middle, end = MARKERS
    return [f"{start} yours", *mine, middle, *theirs, f"{end} {label}"]


@dataclass
class FileMerge:
    """The result of a merge. writes: path -> content (None removes). actions,
    conflicts: (path, sentence for people)."""

    writes: dict[str, bytes | None] = field(default_factory=dict)
    actions: list[tuple[str, str]] = field(default_factory=list)
    conflicts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Sides:
    """The inputs of a merge of files.

    base: path -> hash of the installed version.
    base_text: returns the text with such a hash, or None.
    mine: path -> bytes on disk, for every path of base and theirs that exists.
    theirs: path -> text of the new version, ``label``.
    """

    base: dict[str, str]
    base_text: Callable[[str], str | None]
    mine: dict[str, bytes]
    theirs: dict[str, str]
    label: str


def merge_files(sides: Sides) -> FileMerge:
    """Merge every file of ``sides``.

    A file with the same hash under a new path counts as renamed, and my edits move with
    it. If one side removed a file that the other edited, my state stays and a conflict
    is noted.
    """
    result = FileMerge()
    for old, new in _pairs(sides):
        if new is None:
            _removed_upstream(sides, result, old)
        elif old is None:
            _added_upstream(sides, result, new)
        elif old not in sides.mine:
            _deleted_by_me(sides, result, old, new)
        else:
            _kept_by_both(sides, result, old, new)
    return result


def _pairs(sides: Sides) -> list[tuple[str | None, str | None]]:
    """(path in the installed version, path in the new version) of each file; None if
    absent."""
    added = {
        path: text for path, text in sides.theirs.items() if path not in sides.base
    }
    by_hash = {sha256(text.encode()): path for path, text in added.items()}
    pairs: list[tuple[str | None, str | None]] = []
    for path, digest in sides.base.items():
        new = path if path in sides.theirs else by_hash.pop(digest, None)
        added.pop(new, None)
        pairs.append((path, new))
    return pairs + [(None, path) for path in added]


def _removed_upstream(sides: Sides, result: FileMerge, path: str) -> None:
    mine = sides.mine.get(path)
    if mine is None:
        return
    if matches(mine, sides.base[path]):
        result.writes[path] = None
        result.actions.append((path, "removed"))
    else:
        reason = f"you edited it, {sides.label} no longer has it: yours was kept"
        result.conflicts.append((path, reason))


def _added_upstream(sides: Sides, result: FileMerge, path: str) -> None:
    theirs, mine = sides.theirs[path], sides.mine.get(path)
    if mine is None:
        result.writes[path] = theirs.encode()
        result.actions.append((path, "added"))
    elif not matches(mine, sha256(theirs.encode())):
        _merge_into(sides, result, path, None, mine, theirs)


def _deleted_by_me(sides: Sides, result: FileMerge, old: str, new: str) -> None:
    if sha256(sides.theirs[new].encode()) != sides.base[old]:
        reason = f"you deleted it, {sides.label} changed it: it stays deleted"
        result.conflicts.append((new, reason))


def _kept_by_both(sides: Sides, result: FileMerge, old: str, new: str) -> None:
    mine, theirs = sides.mine[old], sides.theirs[new]
    if old != new:
        if new in sides.mine and sides.mine[new] != mine:
            reason = f"a file of yours stands where {old} moves in {sides.label}"
            result.conflicts.append((new, reason))
            return
        result.writes[old] = None
        result.writes[new] = mine
        result.actions.append((new, f"renamed from {old}"))
        return
    digest = sha256(theirs.encode())
    if digest == sides.base[old] or matches(mine, digest):
        return
    if matches(mine, sides.base[old]):
        result.writes[new] = _with_line_ends_of(mine, sides.base[old], theirs)
        result.actions.append((new, "updated"))
        return
    _merge_into(sides, result, new, sides.base_text(sides.base[old]), mine, theirs)


def _merge_into(sides, result, path, base, mine: bytes, theirs: str) -> None:
    text = mine.decode("utf-8", "surrogateescape")
    merged = merge_text(base, text, theirs, sides.label)
    result.writes[path] = merged.text.encode("utf-8", "surrogateescape")
    if merged.conflicts:
        places = "1 place" if merged.conflicts == 1 else f"{merged.conflicts} places"
        result.conflicts.append(
            (path, f"{places} to merge by hand, marked in the file")
        )
    else:
        result.actions.append((path, "merged with your edits"))


def _with_line_ends_of(mine: bytes, digest: str, theirs: str) -> bytes:
    """``theirs`` with CRLF, if Git gave CRLF to my copy of the old version, whose hash
    is ``digest``."""
    has_crlf = _line_end(mine.decode("utf-8", "replace")) == "\r\n"
    was_given = has_crlf and sha256(mine) != digest
    if was_given and "\r" not in theirs:
        theirs = theirs.replace("\n", "\r\n")
    return theirs.encode()
