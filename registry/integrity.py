"""Hashes of content: one per text, one per version."""

import base64
import hashlib
from collections.abc import Mapping


def sha256_of(text: str) -> str:
    """SHA-256 of ``text`` as UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_files(hashes: Mapping[str, str]) -> str:
    """The integrity of a version: path -> hexadecimal SHA-256 in, ``sha256-...`` out.

    SHA-256, in base64, of one line ``<sha256>  <path>`` and a line feed for every
    file, sorted by path: what ``sha256sum`` prints, so anyone can check it.
    Source: docs/manifest.md, "Integrity".
    """
    lines = "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes))
    digest = hashlib.sha256(lines.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()
