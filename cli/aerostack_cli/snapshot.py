"""A published version as sent by a Hub, with all checks."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from aerostack_cli.errors import UntrustedAnswer
from aerostack_cli.paths import (
    colliding_paths,
    is_safe_path,
    is_slug,
    is_username,
)

MAX_FILES = 60
MAX_FILE_BYTES = 512 * 1024
MAX_TOTAL_BYTES = 2 * 1024 * 1024 + 64 * 1024
MAX_VERSION_CHARS = 64

# Default entrypoints, in order.
ENTRYPOINTS = [
    f"{folder}{name}.{suffix}"
    for name in ("index", "adapter", "core")
    for folder in ("", "src/")
    for suffix in ("ts", "js")
]

# Strict, because they are printed as part of a shell command and as KEY=value lines.
_PACKAGE = re.compile(
    r"(@[a-z0-9~-][a-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*"
    r"(@[A-Za-z0-9.^~<>=*|+ -]{1,64})?\Z"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]*\Z")


@dataclass(frozen=True)
class Snapshot:
    """One version. files: safe relative path -> text, with hash and size checked.
    hashes: the same paths -> hex SHA-256."""

    author: str
    slug: str
    version: str
    description: str
    integrity: str
    files: dict[str, str]
    hashes: dict[str, str]
    main: str
    packages: list[str]
    variables: list[str]
    route: str
    has_tables: bool
    yanked: str
    deprecated: str
    license: str
    # The former ``username/slug`` that was requested; else empty.
    renamed_from: str

    @property
    def ref(self) -> str:
        return f"{self.author}/{self.slug}@{self.version}"


def read_snapshot(answer: dict) -> Snapshot:
    """The install manifest ``answer`` as a Snapshot.

    Raises UntrustedAnswer if any part of it is invalid.
    """
    files, hashes = _read_files(answer.get("files"))
    integrity = answer.get("integrity")
    if integrity != integrity_of(hashes):
        raise UntrustedAnswer("The Hub sent files that are not the version's own.")
    slug = _checked(answer, "slug", is_slug)
    yanked, deprecated = notices(answer)
    return Snapshot(
        author=_checked(answer, "author", is_username),
        slug=slug,
        version=_checked(answer, "version", is_version),
        description=_text(answer, "description"),
        integrity=integrity,
        files=files,
        hashes=hashes,
        main=_main(answer, files),
        packages=_words(answer, "npmDependencies", _PACKAGE),
        variables=_words(answer, "envVars", _VARIABLE),
        route=_text(answer, "routePath"),
        has_tables=answer.get("drizzleSchema") is True,
        yanked=yanked,
        deprecated=deprecated,
        license=_text(answer, "license"),
        renamed_from=_text(answer, "renamedFrom"),
    )


def is_version(text: object) -> bool:
    """Whether ``text`` is a safe version number."""
    return (
        isinstance(text, str)
        and len(text) <= MAX_VERSION_CHARS
        and bool(_VERSION.match(text))
    )


def notices(answer: dict) -> tuple[str, str]:
    """(why it is yanked, why it is deprecated), a sentence each; ``""`` if it is not.

    answer: an install manifest, or an item of a version list.
    """
    return (
        _notice(answer, "yanked", "yankReason", "replacement"),
        _notice(answer, "deprecated", "deprecationMessage", "successor"),
    )


def _notice(answer: dict, flag: str, reason: str, instead: str) -> str:
    if not answer.get(flag):
        return ""
    text = _text(answer, reason) or "no reason given"
    other = _text(answer, instead)
    return f"{text} (use {other} instead)" if other else text


def sha256(content: bytes) -> str:
    """Hex SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def integrity_of(hashes: dict[str, str]) -> str:
    """The integrity of a version: the base64 SHA-256 of what ``sha256sum`` prints for
    its files, sorted by path.

    Source: docs/manifest.md, "Integrity".
    """
    lines = "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes))
    digest = hashlib.sha256(lines.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()


def _read_files(entries: object) -> tuple[dict[str, str], dict[str, str]]:
    if not isinstance(entries, list) or not entries:
        raise UntrustedAnswer("The Hub sent a version without files.")
    if len(entries) > MAX_FILES:
        raise UntrustedAnswer(f"The Hub sent {len(entries)} files in one version.")
    files: dict[str, str] = {}
    hashes: dict[str, str] = {}
    for entry in entries:
        path, content, digest = _read_file(entry)
        if path in files:
            raise UntrustedAnswer(f"The Hub sent two files called {path}.")
        files[path], hashes[path] = content, digest
    if collisions := colliding_paths(list(files)):
        raise UntrustedAnswer(
            f"The Hub sent files that collide on some systems: {', '.join(collisions)}."
        )
    if sum(len(text.encode()) for text in files.values()) > MAX_TOTAL_BYTES:
        raise UntrustedAnswer("The Hub sent more text than a version may hold.")
    return files, hashes


def _read_file(entry: object) -> tuple[str, str, str]:
    entry = entry if isinstance(entry, dict) else {}
    path, content = entry.get("path"), entry.get("content")
    if not is_safe_path(path):
        raise UntrustedAnswer(
            f"The Hub sent a file with the unsafe path {str(path)[:80]!r}."
        )
    data = text_bytes(content, path)
    if len(data) > MAX_FILE_BYTES or entry.get("size", len(data)) != len(data):
        raise UntrustedAnswer(f"The Hub sent {path} with a size that is not its own.")
    digest = sha256(data)
    if entry.get("sha256") != digest:
        raise UntrustedAnswer(f"The Hub sent {path} with a hash that is not its own.")
    return path, content, digest


def text_bytes(content: object, name: str) -> bytes:
    """``content`` as UTF-8. Raises UntrustedAnswer if it is not text."""
    try:
        return content.encode("utf-8")
    except (AttributeError, UnicodeEncodeError) as error:
        raise UntrustedAnswer(f"The Hub sent {name}, which is not text.") from error


def _main(answer: dict, files: dict[str, str]) -> str:
    """The file for ``main``: index.ts, else the version's entrypoint, else the first
    default entrypoint, else any file."""
    named = _text(answer, "entrypoint")
    candidates = ["index.ts", named, *ENTRYPOINTS, *files]
    return next(path for path in candidates if path in files)


def _checked(answer: dict, key: str, is_good) -> str:
    value = answer.get(key)
    if not is_good(value):
        raise UntrustedAnswer(f"The Hub sent the {key} {str(value)[:80]!r}.")
    return value


def _text(answer: dict, key: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) else ""


def _words(answer: dict, key: str, pattern: re.Pattern) -> list[str]:
    values = answer.get(key) or []
    if not isinstance(values, list):
        raise UntrustedAnswer(f"The Hub sent {key} as something else than a list.")
    for value in values:
        if not isinstance(value, str) or not pattern.match(value):
            raise UntrustedAnswer(f"The Hub sent {str(value)[:80]!r} among {key}.")
    return list(values)
