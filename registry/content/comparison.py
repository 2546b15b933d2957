"""Compare two sets of texts.

difflib can take quadratic time on hostile texts. So ``compare`` runs it in the worker,
and names only the files that differ when that fails.
"""

import difflib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from registry.content import sandbox
from registry.content.invisible import find_invisible, name_of

CONTEXT_LINES = 3
MAX_SHOWN_LINES = 1_500  # of all files together; a page must stay readable
MAX_LINE_CHARACTERS = 400  # longer lines are cut


@dataclass(frozen=True)
class Comparison:
    """files: as of ``compare_texts``; without hunks when it failed."""

    files: list[dict]
    reason: str = ""  # a sentence for people when lines were not compared

    def __bool__(self):
        return bool(self.files)


def compare(
    old: dict[str, str],
    new: dict[str, str],
    *,
    find_renames: bool = True,
    timeout: float = 2.0,
    settled: Callable[[list | None, str], None] | None = None,
) -> Comparison:
    """The changes from ``old`` to ``new`` (path -> text), computed in the worker.

    find_renames: count the same text under another path as one change.
    timeout: seconds to wait at most.
    settled: called as ``settled(files, "")`` or ``settled(None, reason)`` when it is
        certain what the worker makes of these texts, in another thread and perhaps
        later. Not called where the worker had no time for them.
    """
    changed = {
        path
        for path in old.keys() | new.keys()
        if path not in old or path not in new or old[path] != new[path]
    }
    if not changed:
        return Comparison([])
    old = {path: text for path, text in old.items() if path in changed}
    new = {path: text for path, text in new.items() if path in changed}

    def tell(made: Future) -> None:
        if not made.cancelled():
            error = made.exception()
            settled(None if error else made.result(), _sentence(error) if error else "")

    how = {"timeout": timeout, "settled": tell if settled else None}
    try:
        return Comparison(sandbox.run(compare_texts, old, new, find_renames, **how))
    except sandbox.SandboxError as error:
        return names_only(old, new, _sentence(error), find_renames=find_renames)


def names_only(
    old: dict[str, str], new: dict[str, str], reason: str, *, find_renames: bool = True
) -> Comparison:
    """The files that differ, and why their lines were not compared.

    old, new: path -> text, or hash of the text.
    """
    return Comparison(_changed_files(old, new, find_renames), reason)


def _sentence(error: BaseException) -> str:
    return f"The lines could not be compared: {error}"


def compare_texts(
    old: dict[str, str], new: dict[str, str], find_renames: bool = True
) -> list[dict]:
    """One object per changed path: path, was (the path before a rename), status (added,
    removed, renamed, changed), added and removed (numbers of lines), hunks, cut (bool).

    A hunk has a head and lines of [kind, number before, number after, text]; kind is
    "+", "-" or " ".
    """
    left = MAX_SHOWN_LINES
    files = _changed_files(old, new, find_renames)
    for file in files:
        before = old.get(file["was"], "")
        hunks = _hunks(before, new.get(file["path"], ""))
        for sign, name in (("+", "added"), ("-", "removed")):
            file[name] = sum(line[0] == sign for h in hunks for line in h["lines"])
        for hunk in hunks:
            shown = hunk["lines"][: max(left, 0)]
            file["cut"] |= len(shown) < len(hunk["lines"])
            left -= len(shown)
            if shown:
                file["hunks"].append(hunk | {"lines": shown})
    return files


def _changed_files(
    old: dict[str, str], new: dict[str, str], find_renames: bool
) -> list[dict]:
    """The changed files, without hunks."""
    gone = {
        text: path
        for path, text in sorted(old.items())
        if find_renames and path not in new
    }
    renamed = {
        path: gone.pop(text)
        for path, text in sorted(new.items())
        if path not in old and text in gone
    }
    files = []
    for path in sorted(old.keys() | new.keys()):
        if path in renamed.values() or old.get(path) == new.get(path):
            continue
        status = "renamed" if path in renamed else "changed"
        if status == "changed" and path not in old:
            status = "added"
        elif path not in new:
            status = "removed"
        was = renamed.get(path, path)
        counts = {"added": 0, "removed": 0, "hunks": [], "cut": False}
        files.append({"path": path, "was": was, "status": status, **counts})
    return files


def _hunks(old: str, new: str) -> list[dict]:
    before, after = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after)
    hunks = []
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        lines = []
        for tag, a, b, c, d in group:
            if tag == "equal":
                pairs = zip(range(a, b), range(c, d), strict=True)
                lines += [[" ", i + 1, j + 1, _visible(before[i])] for i, j in pairs]
                continue
            lines += [["-", i + 1, None, _visible(before[i])] for i in range(a, b)]
            lines += [["+", None, j + 1, _visible(after[j])] for j in range(c, d)]
        first, last = group[0], group[-1]
        head = f"@@ -{first[1] + 1},{last[2] - first[1]} "
        head += f"+{first[3] + 1},{last[4] - first[3]} @@"
        hunks.append({"head": head, "lines": lines})
    return hunks


def _visible(line: str) -> str:
    """``line`` cut to MAX_LINE_CHARACTERS, with invisible characters written out."""
    cut = line[:MAX_LINE_CHARACTERS] + ("…" if len(line) > MAX_LINE_CHARACTERS else "")
    for match in reversed(list(find_invisible(cut))):
        code = name_of(match[0]).split()[0]
        cut = f"{cut[: match.start()]}⟨{code}⟩{cut[match.end() :]}"
    return cut
