"""The files of a version as clients copy them."""

import re
from collections.abc import Container
from dataclasses import dataclass

from core.db.prepared import Prepared
from registry.integrity import sha256_of
from registry.models import Version, VersionFile
from registry.paths import collisions, size_of

# An import from above the file's folder; the steps up.
FROM_ABOVE = re.compile(r"""["'`](?:\./)?((?:\.\./)+)""")
# At the start of a statement, for a comment may well say "used as default".
DEFAULT_EXPORT = re.compile(
    r"(?:^|[;}])[ \t]*export"
    r"(?:\s+default\b|\s*\*\s*as\s+default\b|\s*\{[^{}]*\bdefault\s*[,}])",
    re.MULTILINE,
)
WIRED = ("index.ts", "adapter.ts")  # the file a client imports; they differ
FILES = Prepared(
    lambda version: (
        VersionFile.objects.filter(version__pk=version)
        .values_list("path", "blob__text", "blob_id")
        .order_by("path")
    )
)


@dataclass(frozen=True)
class InstallFile:
    """A file as a consumer gets it. ``is_generated``: not among the published ones."""

    path: str
    content: str
    sha256: str
    is_generated: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return size_of(self.content)


def files_to_install(version: Version, *, flat: bool) -> list[InstallFile]:
    """The files of ``version``, sorted by path.

    flat: for clients that can't make folders and that import either ``./index`` or
    ``./adapter``: a leading ``src/`` goes, and where just one of those two exists, a
    re-export of it stands in for the other. Otherwise exactly as published.

    Source: docs/api.md, "Install manifest".
    """
    files = [InstallFile(*row) for row in FILES(version.pk)]
    if not flat:
        return files
    files = _without_src(files)
    there = [file for file in files if file.path in WIRED]
    if len(there) == 1:
        both = [*files, _stand_in(there[0])]
        files = files if collisions(file.path for file in both) else both
    return sorted(files, key=lambda file: file.path)


def _without_src(files: list[InstallFile]) -> list[InstallFile]:
    moved = [
        InstallFile(file.path.removeprefix("src/"), file.content, file.sha256)
        for file in files
    ]
    clash = collisions(file.path for file in moved)
    return files if clash or any(map(_breaks_if_moved, files)) else moved


def _breaks_if_moved(file: InstallFile) -> bool:
    """Does ``file`` import across the border of src/?"""
    folder, *below = file.path.split("/")
    if folder != "src":
        return "./src/" in file.content
    ups = (len(steps) // len("../") for steps in FROM_ABOVE.findall(file.content))
    return any(up >= len(below) for up in ups)


def entrypoint_among(paths: Container[str], version: Version) -> str:
    """The entrypoint's path in a layout that has these ``paths``."""
    entrypoint = version.manifest["entrypoint"]
    return entrypoint if entrypoint in paths else entrypoint.removeprefix("src/")


def _stand_in(file: InstallFile) -> InstallFile:
    other = WIRED[1 - WIRED.index(file.path)]
    module = f'"./{file.path.removesuffix(".ts")}"'
    line = f"export * from {module};"
    if DEFAULT_EXPORT.search(file.content):
        line += f" export {{ default }} from {module};"
    text = line + "\n"
    return InstallFile(other, text, sha256_of(text), is_generated=True)
