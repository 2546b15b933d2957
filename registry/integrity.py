"""Hashes of texts and of versions."""

import base64
import hashlib
from collections.abc import Mapping


def sha256_of(text: str) -> str:
    """SHA-256 of ``text`` as UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_files(hashes: Mapping[str, str]) -> str:
    """The integrity of a version, ``sha256-...``.

    hashes: path -> hexadecimal SHA-256. The result is the base64 SHA-256 of a line
    ``<sha256>  <path>`` with a line feed per file, sorted by path: the output of
    ``sha256sum``, so anyone can check it.
    Source: docs/manifest.md, "Integrity".
    """
    lines = "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes))
    digest = hashlib.sha256(lines.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()
