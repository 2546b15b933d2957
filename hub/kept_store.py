"""Public pages as files, for processes that don't have them in memory.

One file holds the answer of one address and encoding, as it was sent, under the key it
was made for (``key_of``). A page made for another key takes its place. The folder is
bounded: it is 256 folders, and each that grows past its share loses its oldest files.

A file is only ever used whole: it is written under another name and moved into place,
and carries its length and checksum for the day the machine loses power between.
"""

import hashlib
import json
import os
import random
import secrets
import stat
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import django
from django.conf import settings

FOLDERS = 256
LOOKED_AFTER = 8  # one write in so many looks whether its folder has grown too large
KEPT_SHARE = 0.75  # of its room, when a folder is cleared
# What public pages are made of besides the database.
SOURCES = ("accounts", "api", "config", "hub", "registry", "templates")
CODE = {".py", ".html", ".svg", ".txt", ".xml"}
SETTINGS = (
    "HUB_URL",
    "ADMIN_URL",
    "HTTPS",
    "STATIC_URL",
    "MEDIA_URL",
    "CONTENT_SECURITY_POLICY",
)


class Stored(NamedTuple):
    """An answer as it was sent. ``installed``: the id of the version it installs."""

    headers: list[tuple[str, str]]
    body: bytes
    installed: int | None


class PageStore:
    """The folder of kept pages.

    folder: made when it is missing; a link is refused. max_bytes: of all files.

    Raises OSError where the folder can't be used.
    """

    def __init__(self, folder: Path, max_bytes: int):
        folder.mkdir(mode=0o700, exist_ok=True)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise NotADirectoryError(f"{folder} is not a folder")
        self._folder = str(folder)
        self._room = max_bytes // FOLDERS

    def has(self, address: tuple) -> bool:
        """Whether a file is there for ``address``, under whatever key."""
        return os.path.exists(self._path(address))

    def get(self, address: tuple, key: str) -> Stored | None:
        """What was stored for ``address`` under ``key``, if it still is, and whole."""
        try:
            with open(self._path(address), "rb", opener=_open) as file:
                head, _, body = file.read().partition(b"\n")
        except OSError:
            return None
        try:
            said = json.loads(head)
            if said["key"] != key or said["sum"] != [len(body), zlib.crc32(body)]:
                return None
            headers = [(name, value) for name, value in said["headers"]]
            return Stored(headers, body, said["installed"])
        except (ValueError, TypeError, KeyError):
            return None

    def put(self, address: tuple, key: str, page: Stored) -> None:
        """Store ``page``; where the disk refuses, nothing is stored."""
        head = {
            "key": key,
            "sum": [len(page.body), zlib.crc32(page.body)],
            "headers": page.headers,
            "installed": page.installed,
        }
        content = json.dumps(head).encode() + b"\n" + page.body
        if len(content) > self._room // 4:
            return
        path = self._path(address)
        with suppress(OSError):
            _write(path, content)
            if random.randrange(LOOKED_AFTER) == 0:
                self._clear(os.path.dirname(path))

    def _path(self, address: tuple) -> str:
        name = hashlib.blake2b(repr(address).encode(), digest_size=16).hexdigest()
        return f"{self._folder}/{name[:2]}/{name[2:]}"

    def _clear(self, folder: str) -> None:
        """Delete the oldest files of ``folder`` where it holds more than its share."""
        with os.scandir(folder) as entries:
            found = [(e.stat(follow_symlinks=False), e.path) for e in entries]
        total = sum(status.st_size for status, _ in found)
        if total <= self._room:
            return
        for status, path in sorted(found, key=lambda each: each[0].st_mtime_ns):
            with suppress(OSError):
                os.unlink(path)
            total -= status.st_size
            if total <= self._room * KEPT_SHARE:
                return


def _open(path: str, flags: int) -> int:
    """No link is followed, and none waits for the other end of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _write(path: str, content: bytes) -> None:
    draft = f"{path}.{secrets.token_hex(4)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        descriptor = os.open(draft, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(draft, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except OSError:
        with suppress(OSError):
            os.unlink(draft)
        raise


def key_of(fingerprint: tuple) -> str:
    """What a page that depends on ``fingerprint`` (hub/kept.py) is stored under: that,
    this release of the Hub, and the day (UTC)."""
    depends = repr((fingerprint, release(), int(time.time() // 86400)))
    return hashlib.blake2b(depends.encode(), digest_size=16).hexdigest()


@cache
def release() -> str:
    """A digest of the code, the templates and the settings that pages are made with."""
    digest = hashlib.blake2b(digest_size=16)
    for source in SOURCES:
        for path in sorted((settings.BASE_DIR / source).rglob("*")):
            if path.suffix in CODE:
                digest.update(str(path.relative_to(settings.BASE_DIR)).encode())
                digest.update(path.read_bytes())
    digest.update((settings.BASE_DIR / "requirements.txt").read_bytes())
    said = [(name, getattr(settings, name)) for name in SETTINGS]
    digest.update(repr((django.VERSION, said)).encode())
    return digest.hexdigest()
