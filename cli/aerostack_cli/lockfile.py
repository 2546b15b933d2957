"""aerostack.lock: the installed functions and the hash of every file.

Sorted JSON with one hash per line, so that it diffs and merges well. It may come with a
cloned project, so it is checked like a Hub's answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from aerostack_cli.errors import CliError
from aerostack_cli.paths import (
    is_safe_path,
    is_sha256,
    is_slug,
    is_username,
    stays_inside,
)
from aerostack_cli.refs import Ref
from aerostack_cli.snapshot import Snapshot, is_version

FILE_NAME = "aerostack.lock"
FORMAT = 1
MAX_INTEGER_DIGITS = 20


@dataclass(frozen=True)
class Installed:
    """One installed function. files: path relative to ``directory`` -> hex SHA-256 of
    the published text."""

    slug: str
    author: str
    hub: str
    version: str
    integrity: str
    directory: str
    files: dict[str, str]

    @property
    def ref(self) -> Ref:
        """The function, at the installed version."""
        return Ref(self.author, self.slug, self.version)

    @property
    def newest_ref(self) -> Ref:
        return replace(self.ref, version="")

    def path(self, name: str) -> str:
        """The path of the file ``name``, relative to the project."""
        return f"{self.directory}/{name}"


def default_directory(slug: str) -> str:
    return f"services/{slug}"


def installed_from(snapshot: Snapshot, hub: str, directory: str) -> Installed:
    """The entry for ``snapshot``, written to ``directory``."""
    return Installed(
        slug=snapshot.slug,
        author=snapshot.author,
        hub=hub,
        version=snapshot.version,
        integrity=snapshot.integrity,
        directory=directory,
        files=dict(snapshot.hashes),
    )


def read_lock(text: str) -> dict[str, Installed]:
    """Parse a lock: slug -> entry. ``""`` is an empty lock. Raises CliError."""
    if not text.strip():
        return {}
    try:
        content = json.loads(text, parse_int=_integer)
        if content["lockfileVersion"] != FORMAT:
            raise CliError(
                f"{FILE_NAME} was written by a newer aerostack.",
                code="NEWER_LOCK",
                fix="Update the aerostack command.",
            )
        entries = content["functions"].items()
        return {slug: _entry(slug, entry) for slug, entry in entries}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CliError(
            f"{FILE_NAME} is damaged ({error}).",
            code="DAMAGED_LOCK",
            fix="Restore it from version control, or remove it and install again.",
        ) from error


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:  # or Python would say how to read it
        raise ValueError("a number is too large")
    return int(digits)


def write_lock(entries: dict[str, Installed]) -> str:
    """The text of the lock; equal entries give equal text."""
    functions = {
        slug: {
            "author": entry.author,
            "hub": entry.hub,
            "version": entry.version,
            "integrity": entry.integrity,
            **_placed(entry),
            "files": dict(sorted(entry.files.items())),
        }
        for slug, entry in sorted(entries.items())
    }
    content = {"lockfileVersion": FORMAT, "functions": functions}
    return json.dumps(content, indent=2) + "\n"


def _placed(entry: Installed) -> dict:
    is_default = entry.directory == default_directory(entry.slug)
    return {} if is_default else {"directory": entry.directory}


def _entry(slug: str, entry: dict) -> Installed:
    files = entry["files"]
    directory = entry.get("directory") or default_directory(slug)
    good = (
        is_slug(slug)
        and is_username(entry["author"])
        and is_version(entry["version"])
        and isinstance(entry["hub"], str)
        and isinstance(entry["integrity"], str)
        and stays_inside(directory)
        and all(is_safe_path(path) for path in files)
        and all(is_sha256(digest) for digest in files.values())
    )
    if not good:
        raise ValueError(f"the entry '{slug[:80]}' is not one")
    return Installed(
        slug=slug,
        author=entry["author"],
        hub=entry["hub"],
        version=entry["version"],
        integrity=entry["integrity"],
        directory=directory,
        files=dict(files),
    )
