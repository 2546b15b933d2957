"""The files of a version as a tree, for the list beside the source."""

from collections.abc import Iterable

from registry.models import VersionFile


def tree_of(files: Iterable[VersionFile], chosen: str) -> list[dict]:
    """Folders first, then files, each by name.

    files: at most some fifty, by path. chosen: the path being shown.

    Returns entries ``{"name", "path", "is_chosen"}`` for files and
    ``{"name", "entries"}`` for folders.
    """
    root: dict = {}
    for file in files:
        *folders, name = file.path.split("/")
        place = root
        for folder in folders:
            place = place.setdefault(f"{folder}/", {})
        place[name] = file.path
    return _entries(root, chosen)


def _entries(folder: dict, chosen: str) -> list[dict]:
    # Folders end in a slash: they come first, and never meet a file's name.
    ordered = sorted(folder.items(), key=lambda item: (item[0][-1] != "/", item[0]))
    entries = []
    for name, inside in ordered:
        if isinstance(inside, str):
            is_chosen = inside == chosen
            entries.append({"name": name, "path": inside, "is_chosen": is_chosen})
            continue
        # A folder that holds one folder alone is shown as one: src/lib.
        while len(inside) == 1 and (only := next(iter(inside)))[-1] == "/":
            name, inside = name + only, inside[only]
        entries.append({"name": name[:-1], "entries": _entries(inside, chosen)})
    return entries
