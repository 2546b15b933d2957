"""Find imports, hosts and bindings in TypeScript and JavaScript source.

Uses regular expressions, not a parser: good enough to collect files and to show a
reader what to look at. The Hub's inspection is the authority.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

# Strings are matched too, so that "//" in a string is not taken for a comment.
_COMMENT_OR_STRING = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
      | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*`""",
    re.DOTALL | re.VERBOSE,
)
_IMPORT = re.compile(
    r"""(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["']([^"'\n]+)["']"""
)
_HOST = re.compile(r"""https?://([A-Za-z0-9.-]+\.[A-Za-z]{2,})""")
_BINDING = re.compile(r"""\bc\.env\.([A-Za-z_$][A-Za-z0-9_$]*)""")

_SUFFIXES = ("", ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cts", ".cjs", ".json")
# Node-style imports in TypeScript name the compiled file.
_BUILT = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",)}


class Import(NamedTuple):
    """A module named at ``line`` (from 1): ``./core`` or a package."""

    module: str
    line: int

    @property
    def is_relative(self) -> bool:
        return self.module.startswith(("./", "../")) or self.module in (".", "..")


def without_comments(code: str) -> str:
    """``code`` with comments replaced by blanks; line numbers stay."""

    def blanked(match):
        return re.sub(r"[^\n]", " ", match[0]) if match["comment"] else match[0]

    return _COMMENT_OR_STRING.sub(blanked, code)


def imports_of(code: str) -> list[Import]:
    """The modules that ``code`` imports, re-exports or requires by a literal name."""
    bare = without_comments(code)
    return [
        Import(match[1], bare.count("\n", 0, match.start(1)) + 1)
        for match in _IMPORT.finditer(bare)
    ]


def candidates(importer: str, module: str) -> list[str]:
    """The paths that ``module`` may mean in the file ``importer``, likeliest first.

    Paths are relative to the function's directory; one that starts with ``..`` is
    outside it.
    """
    target = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))
    stem, suffix = posixpath.splitext(target)
    paths = [target + ending for ending in _SUFFIXES]
    paths += [stem + ending for ending in _BUILT.get(suffix, ())]
    paths += [posixpath.join(target, f"index{ending}") for ending in _SUFFIXES[1:]]
    return paths


def touches(files: dict[str, str]) -> dict[str, list[str]]:
    """What ``files`` use: ``hosts`` in URLs, ``bindings`` read from ``c.env``,
    ``packages`` imported."""
    found: dict[str, set[str]] = {"hosts": set(), "bindings": set(), "packages": set()}
    for code in files.values():
        bare = without_comments(code)
        found["hosts"] |= {host.lower() for host in _HOST.findall(bare)}
        found["bindings"] |= set(_BINDING.findall(bare))
        found["packages"] |= {
            item.module for item in imports_of(code) if not item.is_relative
        }
    return {kind: sorted(names) for kind, names in found.items()}
