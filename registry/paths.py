"""Which file paths and file sets may be stored, served and installed."""

import re
from collections.abc import Iterable, Mapping

from registry import errors

MAX_FILES = 50
MAX_FILE_BYTES = 512 * 1024
MAX_TOTAL_BYTES = 2 * 1024 * 1024
MAX_README_BYTES = 256 * 1024
MAX_PATH_CHARACTERS = 155  # fits every common archive format
MAX_SEGMENT_CHARACTERS = 95
MAX_LEVELS = 10

SEGMENT = re.compile(r"[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*(?<!\.)\Z")
# Windows takes these for devices, with any extension.
DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?\Z", re.IGNORECASE)
# Writing there in a consumer's project would be an attack. SEGMENT excludes dot
# folders.
FORBIDDEN_SEGMENTS = frozenset({"node_modules", "__proto__"})
NOT_SOURCE = frozenset({"readme.md", "aerostack.json", "package.json"})


def check_path(path: str, *, field: str = "files") -> None:
    """Raise InvalidPath unless ``path`` is relative, portable and harmless.

    Source: docs/manifest.md, "Files".
    """
    segments = path.split("/")
    if (
        len(path) > MAX_PATH_CHARACTERS
        or len(segments) > MAX_LEVELS
        or not all(map(_is_harmless, segments))
    ):
        raise errors.InvalidPath(
            f"The path {errors.shown(path)} can't be stored safely.", field=field
        )


def _is_harmless(segment: str) -> bool:
    return (
        len(segment) <= MAX_SEGMENT_CHARACTERS
        and bool(SEGMENT.match(segment))
        and not DEVICE.match(segment)
        and segment.lower() not in FORBIDDEN_SEGMENTS
    )


def is_source(path: str) -> bool:
    """Whether ``path`` is neither a README nor a package description."""
    return path.lower() not in NOT_SOURCE


def check_files(files: Mapping[str, str]) -> list[errors.RegistryError]:
    """Every fault of a file set (path -> text): count, paths, sizes, encoding.

    Too many files are refused before any is checked.
    """
    if len(files) > MAX_FILES:
        message = f"{len(files)} files were sent; at most {MAX_FILES} fit."
        return [errors.PayloadTooLarge(message, field="files")]
    found: list[errors.RegistryError] = []
    for path, text in files.items():
        found += _file_faults(path, text)
    found += collisions(path for path in files if len(path) <= MAX_PATH_CHARACTERS)
    total = sum(size_of(text) for text in files.values() if isinstance(text, str))
    if total > MAX_TOTAL_BYTES:
        message = f"The files have {total} bytes; at most {MAX_TOTAL_BYTES} fit."
        found.append(errors.PayloadTooLarge(message, field="files"))
    return found


def check_readme(text: str) -> list[errors.RegistryError]:
    """The faults of a README: size and NUL bytes."""
    if "\0" in text:
        return [errors.NotUtf8("The README holds NUL bytes.", field="readme")]
    if size_of(text) > MAX_README_BYTES:
        message = f"The README has more than {MAX_README_BYTES} bytes."
        return [errors.PayloadTooLarge(message, field="readme")]
    return []


def size_of(text: str) -> int:
    """Bytes of ``text`` as UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def collisions(files: Iterable[str]) -> list[errors.RegistryError]:
    """Paths that clash on some file systems: same file, or file and folder at once.

    files: paths of bounded length, because the cost is quadratic in it.
    """
    seen: dict[str, str] = {}
    found = []
    for path in files:
        lowered = path.lower()
        if lowered in seen:
            other = seen[lowered]
            message = (
                f"{errors.shown(path)} and {errors.shown(other)} differ in case only."
            )
            found.append(errors.InvalidPath(message, field="files"))
        seen[lowered] = path
    for head in seen:
        while "/" in head:
            head = head.rpartition("/")[0]
            if head in seen:
                message = f"{errors.shown(seen[head])} is a file and a folder at once."
                found.append(errors.InvalidPath(message, field="files"))
                break
    return found


def _file_faults(path: str, text: object) -> list[errors.RegistryError]:
    at = f"files[{errors.shown(path)[1:-1]}]"
    found: list[errors.RegistryError] = []
    try:
        check_path(path, field=at)
    except errors.InvalidPath as error:
        found.append(error)
    if not isinstance(text, str):
        found.append(errors.ValidationError(f"{at} is not text.", field=at))
    elif "\0" in text:
        message = f"The file {errors.shown(path)} is not UTF-8 text: it has NUL bytes."
        found.append(errors.NotUtf8(message, field=at))
    elif size_of(text) > MAX_FILE_BYTES:
        message = f"The file {errors.shown(path)} has more than {MAX_FILE_BYTES} bytes."
        found.append(errors.PayloadTooLarge(message, field=at))
    return found
