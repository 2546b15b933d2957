"""The files of a version as a tree, for the list beside the source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A file, or a folder with its ``entries``. is_shown: it is the file on show."""

    name: str
    path: str = ""
    is_shown: bool = False
    entries: Sequence["Entry"] = ()


def tree_of(paths: Iterable[str], shown: str) -> list[Entry]:
    """Folders first, then files, each by name. shown: the path of the file on show."""
    root: dict = {}
    for path in paths:
        *folders, name = path.split("/")
        inside = root
        for folder in folders:
            inside = inside.setdefault(f"{folder}/", {})
        inside[name] = path
    return _entries(root, shown)


def _entries(folder: dict, shown: str) -> list[Entry]:
    # Folders end in a slash: they come first, and never meet a file's name.
    ordered = sorted(folder.items(), key=lambda item: (item[0][-1] != "/", item[0]))
    entries = []
    for name, inside in ordered:
        if isinstance(inside, str):
            entries.append(Entry(name, inside, is_shown=inside == shown))
            continue
        # A folder that holds one folder alone is shown as one: src/lib.
        while len(inside) == 1 and (only := next(iter(inside)))[-1] == "/":
            name, inside = name + only, inside[only]
        entries.append(Entry(name[:-1], entries=_entries(inside, shown)))
    return entries
