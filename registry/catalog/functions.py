"""Finding what is published: by name, by number, for installing."""

import re
from collections.abc import Container
from dataclasses import dataclass

from core.db.prepared import Prepared
from registry import errors
from registry.integrity import sha256_of
from registry.models import Function, Redirect, Version, VersionFile
from registry.paths import size_of

FROM_ABOVE = re.compile(r"""["'`]\.\./""")
# At the start of a statement, for a comment may well say "used as default".
DEFAULT_EXPORT = re.compile(
    r"(?:^|[;}])[ \t]*export"
    r"(?:\s+default\b|\s*\*\s*as\s+default\b|\s*\{[^{}]*\bdefault\s*[,}])",
    re.MULTILINE,
)
WIRED = ("index.ts", "adapter.ts")  # the file a client imports; they differ


def _functions(**of):
    functions = Function.objects.published().select_related(
        "owner", "category", "deprecation", "latest", "quarantine"
    )
    return functions.filter(**of)


NAMED = Prepared(lambda slug: _functions(slug=slug))
VERSION = Prepared(
    lambda function, number: Version.objects.filter(
        function__pk=function, number=number
    ).select_related("yank", "readme", "quarantine")
)
FILES = Prepared(
    lambda version: (
        VersionFile.objects.filter(version__pk=version)
        .values_list("path", "blob__text", "blob_id")
        .order_by("path")
    )
)


def published_function(slug: str, username: str = "") -> Function:
    """The function of that name, with owner, category, latest and deprecation loaded.

    username: without the leading ``@``; empty finds it by slug alone. A name the
    function was renamed from finds it too, and stands in its ``renamed_from``.

    Raises NotFound, also for one that was never published, or is quarantined; then
    with staff's reason.
    """
    function = NAMED.first(slug)
    if function and username and function.owner.username != username:
        function = None  # slugs are one name space
    if function is None:
        left = {"username": username} if username else {}
        moved = Redirect.objects.filter(slug=slug, **left).first()
        function = moved and _functions(pk=moved.function_id).first()
        if function:
            function.renamed_from = str(moved)
    if function is None:
        raise errors.NotFound(f"There is no published function {errors.shown(slug)}.")
    if hasattr(function, "quarantine"):
        raise taken_down(function.path, function.quarantine)
    return function


def taken_down(what: str, quarantine) -> errors.NotFound:
    """The refusal of something staff took down, with their reason."""
    return errors.NotFound(
        f"{what} was quarantined on {quarantine.at:%d %B %Y}: {quarantine.reason}"
    )


def published_version(function: Function, number: str = "") -> Version:
    """The version ``number``, yanked or not; without a number the latest live one.

    Raises NotFound.
    """
    if not number:
        if function.latest is None:
            raise errors.NotFound(
                f"{function.slug} has no live version. Ask for one by number."
            )
        number = function.latest_number
    version = VERSION.first(function.pk, number)
    if version is None:
        raise errors.NotFound(f"{function.slug} has no version {errors.shown(number)}.")
    if version.is_quarantined:
        raise taken_down(f"{function.slug} {number}", version.quarantine)
    version.function = function
    return version


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
    return laid_out([InstallFile(*row) for row in FILES(version.pk)], flat=flat)


def laid_out(files: list[InstallFile], *, flat: bool) -> list[InstallFile]:
    """The files of a version, sorted by path, as ``files_to_install`` gives them."""
    if not flat:
        return files
    files = _without_src(files)
    there = [file for file in files if file.path in WIRED]
    if len(there) == 1:
        files.append(_stand_in(there[0]))
    return sorted(files, key=lambda file: file.path)


def _without_src(files: list[InstallFile]) -> list[InstallFile]:
    outside = {file.path for file in files if not file.path.startswith("src/")}
    stripped = {file.path.removeprefix("src/") for file in files} - outside
    clashes = len(stripped) + len(outside) < len(files)
    if clashes or any(map(_breaks_if_moved, files)):
        return files
    return [
        InstallFile(file.path.removeprefix("src/"), file.content, file.sha256)
        for file in files
    ]


def _breaks_if_moved(file: InstallFile) -> bool:
    """Does ``file`` import across the border of src/?"""
    folder, _, name = file.path.partition("/")
    if folder != "src":
        return "./src/" in file.content
    return "/" not in name and bool(FROM_ABOVE.search(file.content))


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
