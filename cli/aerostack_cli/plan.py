"""Writes to a project in one transaction: all of them or none.

New contents are written to a staging folder and fsynced; hard links keep the old files;
a journal lists both. Then the new files are renamed into place. Removing the journal
commits. Before that, an error or Ctrl-C undoes everything, and after a kill the next
command does (``recover``).

The folder ``.aerostack-journal`` exists only during a transaction: ``journal.json``
(list of writes), ``new/<n>``, ``old/<n>``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from aerostack_cli.errors import CliError
from aerostack_cli.paths import refuse_symlinks, stays_inside

JOURNAL_FOLDER = ".aerostack-journal"
_JOURNAL = "journal.json"


def checkpoint(step: str) -> None:
    """Does nothing. Called before every write, so that tests can end the process
    there."""


@dataclass
class Plan:
    """New contents by path relative to ``root``; None removes the file."""

    root: Path
    writes: dict[str, bytes | None] = field(default_factory=dict)

    def write(self, path: str, content: bytes) -> None:
        self.writes[path] = content

    def remove(self, path: str) -> None:
        self.writes[path] = None

    def changes(self) -> dict[str, bytes | None]:
        """The writes that differ from the files on disk."""
        return {
            path: content
            for path, content in self.writes.items()
            if read_bytes(self.root / path) != content
        }

    def apply(self) -> None:
        """Write everything or nothing. Raises CliError (unsafe path, another command
        running) or OSError (disk full, no permission), with nothing changed."""
        changes = self.changes()
        for path in changes:
            if not stays_inside(path):
                raise CliError(f"'{path}' is not a path in the project.")
            refuse_symlinks(self.root, path)
        if changes:
            with _exclusive(self.root):
                _Transaction(self.root, changes).run()


def read_bytes(path: Path) -> bytes | None:
    """The file's bytes; None if it doesn't exist."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def recover(root: Path) -> bool:
    """Undo the writes of an interrupted command. Returns whether there were any."""
    if not os.path.lexists(root / JOURNAL_FOLDER):
        return False
    with _exclusive(root):
        return _undo(root)


class _Transaction:
    def __init__(self, root: Path, changes: dict[str, bytes | None]):
        self.root = root
        self.folder = root / JOURNAL_FOLDER
        self.changes = changes

    def run(self) -> None:
        if _undo(self.root):
            raise CliError(
                "Another command was ended while this one planned; what it had half "
                "done was undone.",
                code="BUSY",
                fix="Run the command again.",
            )
        try:
            entries = self._stage()
            self._write_journal(entries)
            for number, entry in enumerate(entries):
                self._put_in_place(number, entry)
            checkpoint("commit")
            (self.folder / _JOURNAL).unlink()
        except BaseException:
            _undo(self.root)
            raise
        # Committed. If cleaning up fails, the next command does it.
        with contextlib.suppress(KeyboardInterrupt, OSError):
            _sync_folder(self.folder)
            checkpoint("clean up")
            shutil.rmtree(self.folder)
            _remove_empty_folders(self.root, entries)

    def _stage(self) -> list[dict]:
        for name in ("", "new", "old"):
            checkpoint(f"make folder {name}")
            (self.folder / name).mkdir()
        entries = []
        for number, (path, content) in enumerate(self.changes.items()):
            target = self.root / path
            if content is not None:
                checkpoint(f"stage {path}")
                _write_synced(self.folder / "new" / str(number), content, target)
            if target.exists():
                checkpoint(f"keep {path}")
                _keep(target, self.folder / "old" / str(number))
            entries.append(
                {
                    "path": path,
                    "had": target.exists(),
                    "folders": _missing_folders(self.root, path),
                }
            )
        return entries

    def _write_journal(self, entries: list[dict]) -> None:
        for name in ("new", "old"):
            _sync_folder(self.folder / name)
        checkpoint("write journal")
        draft = self.folder / "journal.draft"
        _write_synced(draft, json.dumps(entries).encode())
        checkpoint("name journal")
        os.replace(draft, self.folder / _JOURNAL)
        _sync_folder(self.folder)
        _sync_folder(self.root)

    def _put_in_place(self, number: int, entry: dict) -> None:
        target = self.root / entry["path"]
        checkpoint(f"place {entry['path']}")
        if self.changes[entry["path"]] is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.folder / "new" / str(number), target)
        _sync_folder(target.parent)


def _undo(root: Path) -> bool:
    """Restore the files in the journal and delete the staging folder.

    May be interrupted and run again. Returns whether there was a journal.
    """
    folder = root / JOURNAL_FOLDER
    if not os.path.lexists(folder):
        return False
    refuse_symlinks(root, f"{JOURNAL_FOLDER}/{_JOURNAL}")
    journal = read_bytes(folder / _JOURNAL)
    if journal is not None:
        entries = _journal_entries(root, journal)
        for number, entry in reversed(list(enumerate(entries))):
            _put_back(root, folder / "old" / str(number), entry)
        (folder / _JOURNAL).unlink()
        _sync_folder(folder)
    shutil.rmtree(folder)
    return journal is not None


def _put_back(root: Path, kept: Path, entry: dict) -> None:
    target = root / entry["path"]
    if not entry["had"]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.unlink()
        for made in reversed(entry["folders"]):
            with contextlib.suppress(OSError):
                (root / made).rmdir()
    elif kept.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(kept, target)
        _sync_folder(target.parent)


def _journal_entries(root: Path, journal: bytes) -> list[dict]:
    """The journal's entries. They are checked, because a cloned project could bring a
    journal."""
    try:
        entries = json.loads(journal)
        good = all(map(_is_harmless, entries))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        good = False
    if not good:
        raise CliError(
            f"{JOURNAL_FOLDER} is damaged, or names files outside the project.",
            code="DAMAGED_JOURNAL",
            fix=f"Look at {JOURNAL_FOLDER}/old for files to put back by hand, "
            "then remove that folder.",
        )
    for number, entry in enumerate(entries):
        refuse_symlinks(root, entry["path"])
        refuse_symlinks(root, f"{JOURNAL_FOLDER}/old/{number}")
    return entries


def _is_harmless(entry: dict) -> bool:
    path = entry["path"]
    return (
        isinstance(entry["had"], bool)
        and stays_inside(path)
        and all(path.startswith(f"{folder}/") for folder in entry["folders"])
    )


def _keep(target: Path, kept: Path) -> None:
    """Hard-link the file as ``kept``, so that replacing it keeps the old content."""
    try:
        os.link(target, kept)
    except OSError:  # a file system without hard links
        _write_synced(kept, target.read_bytes(), target)


def _write_synced(path: Path, content: bytes, like: Path | None = None) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if like is not None and like.exists():
        shutil.copymode(like, path)


def _missing_folders(root: Path, path: str) -> list[str]:
    """The missing folders of ``path``, outermost first."""
    parents = [parent.as_posix() for parent in reversed(Path(path).parents)]
    return [folder for folder in parents if not (root / folder).exists()]


def _remove_empty_folders(root: Path, entries: list[dict]) -> None:
    """Delete folders that removals left empty, up to the project's root."""
    for entry in entries:
        folders = list(Path(entry["path"]).parents)[:-1]  # without the root itself
        with contextlib.suppress(OSError):  # not empty, or gone already
            for folder in folders:
                (root / folder).rmdir()


def _sync_folder(folder: Path) -> None:
    """fsync ``folder``, to make renames durable. Not available on Windows."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _exclusive(root: Path):
    """Lock the project against a second command. The kernel releases the lock when the
    process ends in any way."""
    if os.name == "nt":
        yield
        return
    import fcntl

    handle = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CliError(
                "Another aerostack command is changing this project.",
                code="BUSY",
                fix="Wait for it to end, then run the command again.",
            ) from None
        yield
    finally:
        os.close(handle)
