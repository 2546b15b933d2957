"""An author's function on disk: find its aerostack.json and the files to push."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from aerostack_cli.errors import CliError, MissingEntrypoint
from aerostack_cli.imports import candidates, imports_of
from aerostack_cli.manifest import FILE_NAME, LANGUAGES, read_manifest, slug_of
from aerostack_cli.paths import has_text, is_safe_path
from aerostack_cli.snapshot import ENTRYPOINTS

IGNORE_FILE = ".aerostackignore"
MAX_FILES = 50
MAX_FILE_BYTES = 512 * 1024

# Layer files beside the entrypoint are pushed too.
LAYERS = ("core", "schema", "adapter")
_READMES = ("README.md", "readme.md", "Readme.md")
# Names that don't describe a function.
_PLAIN_NAMES = {"index", "main", "mod", "core", "adapter", "src", "lib", ""}


@dataclass
class Function:
    """A function to push. files: path relative to ``directory`` -> text."""

    directory: Path
    manifest: dict
    manifest_text: str
    name: str
    entrypoint: str
    files: dict[str, str] = field(default_factory=dict)
    readme: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return slug_of(self.name)

    def payload(self) -> dict:
        """The body of a push: the manifest's own fields, the whole manifest as
        ``config_schema``, and every file."""
        fields = {**self.manifest, "entrypoint": self.entrypoint}
        fields["name"] = self.manifest.get("name") or self.name
        fields.setdefault("language", _language(self.entrypoint))
        if not self.manifest:
            fields["category"] = DEFAULT_CATEGORY
        return {
            **{key: fields[key] for key in _PUSHED if key in fields},
            "slug": self.slug,
            "readme": self.readme,
            "code": self.files[self.entrypoint],
            "files": self.files,
            "config_schema": self.manifest,
        }

    def validation_payload(self) -> dict:
        """The body of a validation: as a push, with aerostack.json's keys at top
        level."""
        return {**self.manifest, **self.payload()}


DEFAULT_CATEGORY = "utility"  # if no aerostack.json has one
_PUSHED = (
    "name description category tags language runtime version license entrypoint "
    "routePath routeExport npmDependencies envVars drizzleSchema"
).split()


def read_function(target: Path) -> Function:
    """The function that ``target``, a source file or a directory, belongs to.

    Its aerostack.json is the nearest one upwards within the project; paths are relative
    to its folder. Without one, the name is that of the file or folder.

    Raises MissingEntrypoint, InvalidManifest, CliError.
    """
    target = Path(os.path.abspath(target))
    if not target.exists():
        raise MissingEntrypoint(f"There is no file or directory {target}.")
    start = target if target.is_dir() else target.parent
    directory = _manifest_directory(start)
    manifest, text = {}, ""
    if directory is not None:
        manifest, text = read_manifest(directory / FILE_NAME)
    directory = directory or start
    entrypoint = _entrypoint(directory, manifest, target)
    name = manifest.get("name") if isinstance(manifest.get("name"), str) else ""
    function = Function(
        directory, manifest, text, name or _name_from(directory, entrypoint), entrypoint
    )
    if not text:
        function.notes.append(
            f"there is no {FILE_NAME}, so it is called '{function.name}' and goes "
            f"to the category {DEFAULT_CATEGORY}"
        )
    _gather(function, target)
    return function


def _manifest_directory(start: Path) -> Path | None:
    """The nearest folder upwards with an aerostack.json, up to the project's root
    (which has .git or aerostack.toml) or the home folder."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder
        is_root = (folder / ".git").exists() or (folder / "aerostack.toml").exists()
        if is_root or folder == Path.home():
            return None
    return None


def _entrypoint(directory: Path, manifest: dict, target: Path) -> str:
    named = manifest.get("entrypoint")
    if named and isinstance(named, str):
        entrypoint = named.removeprefix("./")
        if not is_safe_path(entrypoint) or not has_text(directory, entrypoint):
            raise MissingEntrypoint(_missing(directory, named, target))
        return entrypoint
    if target.is_file() and target.name != FILE_NAME:
        return target.relative_to(directory).as_posix()
    for path in ENTRYPOINTS:
        if has_text(directory, path):
            return path
    raise MissingEntrypoint(
        f"{directory} holds none of {', '.join(ENTRYPOINTS[:4])}, and "
        f"{FILE_NAME} names no entrypoint."
    )


def _missing(directory: Path, named: str, target: Path) -> str:
    message = f"entrypoint '{named}' names no file in {directory}."
    if target.is_file() and target.name != FILE_NAME:
        message += f" Did you mean '{target.relative_to(directory).as_posix()}'?"
    return message


def _name_from(directory: Path, entrypoint: str) -> str:
    """The file's name, or the nearest folder's whose name describes the function."""
    names = [Path(entrypoint).stem, *reversed((directory / entrypoint).parent.parts)]
    return next((name for name in names if slug_of(name) not in _PLAIN_NAMES), "")


def _language(entrypoint: str) -> str:
    is_script = Path(entrypoint).suffix in (".js", ".mjs", ".cjs", ".jsx")
    return list(LANGUAGES)[1] if is_script else list(LANGUAGES)[0]


def _gather(function: Function, target: Path) -> None:
    """Fill ``files`` with the entrypoint, the pushed file, the layers and all files
    these import, and ``readme``."""
    ignored = _ignore_rule(function.directory)
    if ignored(function.entrypoint):
        raise MissingEntrypoint(
            f"entrypoint '{function.entrypoint}' is left out by {IGNORE_FILE}."
        )
    waiting = [function.entrypoint, *_layers(function)]
    if target.is_file() and target.name != FILE_NAME:
        waiting.append(target.relative_to(function.directory).as_posix())
    while waiting:
        path = waiting.pop(0)
        if path in function.files:
            continue
        if ignored(path):
            function.notes.append(f"{path} is left out by {IGNORE_FILE}")
            continue
        if len(function.files) == MAX_FILES:
            raise CliError(
                f"The entrypoint reaches more than {MAX_FILES} files.",
                code="PAYLOAD_TOO_LARGE",
                fix=f"Bundle some, or name those to leave out in {IGNORE_FILE}.",
            )
        function.files[path] = _read_source(function.directory, path)
        waiting += _reached(function, path)
    function.readme = _readme(function, ignored)


def _layers(function: Function) -> list[str]:
    folder = Path(function.entrypoint).parent.as_posix()
    prefix = "" if folder == "." else f"{folder}/"
    suffix = LANGUAGES[_language(function.entrypoint)]
    paths = [f"{prefix}{layer}.{suffix}" for layer in LAYERS]
    return [path for path in paths if has_text(function.directory, path)]


def _reached(function: Function, path: str) -> list[str]:
    """The files that ``path`` imports by a relative path."""
    if path.endswith(".json"):
        return []
    reached = []
    for module, line in imports_of(function.files[path]):
        if not module.startswith("."):
            continue
        paths = candidates(path, module)
        if all(p.startswith("..") for p in paths):
            raise CliError(
                f"{path}:{line} imports '{module}', outside {function.directory}.",
                code="INVALID_PATH",
                fix=f"Move it below that folder, or {FILE_NAME} to a common one.",
            )
        found = next((p for p in paths if has_text(function.directory, p)), None)
        if found is None:
            function.notes.append(f"{path}:{line} imports '{module}', which is no file")
        else:
            reached.append(found)
    return reached


def _read_source(directory: Path, path: str) -> str:
    """The unchanged text of a source file. Links must not lead out of ``directory``."""
    place = directory / path
    if not is_safe_path(path) or not place.resolve().is_relative_to(
        directory.resolve()
    ):
        raise CliError(
            f"'{path}' cannot be sent under that name.",
            code="INVALID_PATH",
            fix="Use ASCII letters, digits, '.', '_' and '-', and no links that "
            "lead out of the function directory.",
        )
    if place.stat().st_size > MAX_FILE_BYTES:
        raise CliError(
            f"{path} is larger than {MAX_FILE_BYTES // 1024} KiB.",
            code="PAYLOAD_TOO_LARGE",
            fix=f"Split it, or name it in {IGNORE_FILE}.",
        )
    try:
        return place.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CliError(
            f"{path} is not UTF-8 text.",
            code="NOT_UTF8",
            fix=f"Convert it, or name it in {IGNORE_FILE}.",
        ) from error


def _readme(function: Function, ignored) -> str:
    """The README beside aerostack.json, else the one beside the entrypoint."""
    beside = re.sub(r"[^/]*\Z", "", function.entrypoint)
    for name in (prefix + readme for prefix in ("", beside) for readme in _READMES):
        if has_text(function.directory, name) and not ignored(name):
            return _read_source(function.directory, name)
    return ""


def _ignore_rule(directory: Path):
    """A function that tells whether .aerostackignore (syntax of .gitignore) excludes a
    path."""
    place = directory / IGNORE_FILE
    if not place.is_file():
        return lambda path: False
    from pathspec import GitIgnoreSpec

    lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
    return GitIgnoreSpec.from_lines(lines).match_file
