"""Read aerostack.json, and check what can be checked offline.

The Hub checks everything again; these checks are faster and know the line.

Source: docs/manifest.md, after the field reference in the product's CLI guide.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from aerostack_cli.errors import InvalidManifest
from aerostack_cli.paths import is_safe_path
from aerostack_cli.scripts import mixes_scripts

FILE_NAME = "aerostack.json"
CATEGORIES = (
    "auth payments media email ai database utility analytics notifications storage"
).split()
LANGUAGES = {"typescript": "ts", "javascript": "js"}
REQUIRED = ("name", "description", "category")
EXPECTED = {
    "version": "'version' is missing: the Hub takes 1.0.0",
    "license": "'license' is missing: the Hub will say that there is none",
}
MAX_DESCRIPTION_CHARS = 300
MAX_TAGS = 10
MAX_MANIFEST_BYTES = 256 * 1024

_TEXTS = (
    "name version description category language runtime license entrypoint "
    "routePath routeExport"
).split()
_LISTS = ("tags", "npmDependencies", "envVars")
_TAG = re.compile(r"[a-z0-9][a-z0-9 .+#-]{0,29}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")


@dataclass(frozen=True)
class Finding:
    """One finding. line, column: from 1; 0 is unknown."""

    severity: str
    rule: str
    message: str
    path: str = FILE_NAME
    line: int = 0
    column: int = 0

    def as_json(self) -> dict:
        """The finding in the form of the Hub's diagnostics."""
        return {**self.__dict__, "endLine": self.line, "endColumn": self.column}


def read_manifest(path: Path) -> tuple[dict, str]:
    """The JSON object in the file ``path``, and its text. Raises InvalidManifest."""
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise InvalidManifest(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes.")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidManifest(f"{path} is not UTF-8 text.", code="NOT_UTF8") from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InvalidManifest(
            f"{place} is not JSON: {error.msg}.", code="INVALID_JSON"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidManifest(f"{path} is not JSON.", code="INVALID_JSON") from error
    if not isinstance(content, dict):
        raise InvalidManifest(f"{path} does not hold one object.", code="INVALID_JSON")
    return content, text


def slug_of(name: str) -> str:
    """The slug that the Hub makes of ``name``: lower-case ASCII letters, digits and
    single hyphens. ``Café_Tool v2.0!`` becomes ``caf-tool-v20``."""
    kept = re.sub(r"[^a-z0-9_\s-]", "", name.strip().lower())
    return re.sub(r"[\s_-]+", "-", kept).strip("-")


def check_manifest(manifest: dict, text: str) -> list[Finding]:
    """The faults of ``manifest`` that can be found offline.

    text: the text it was read from, to find lines.
    """
    findings = []

    def fault(field, message, rule="VALIDATION_ERROR", severity="error") -> None:
        line, column = place_of(field, text)
        findings.append(Finding(severity, rule, message, line=line, column=column))

    for field in REQUIRED:
        if manifest.get(field) in (None, ""):
            fault(field, f"'{field}' is missing")
    for field, message in EXPECTED.items():
        if manifest.get(field) in (None, ""):
            fault(field, message, severity="warning")
    wrong = _check_types(manifest, fault)
    for field, check in _CHECKS.items():
        if field in manifest and field not in wrong and manifest[field]:
            check(manifest[field], fault)
    return findings


def place_of(field: str, text: str) -> tuple[int, int]:
    """Line and column of ``"field":`` in the JSON ``text``; line 1 if absent."""
    match = re.search(rf'"{re.escape(field)}"\s*:', text)
    at = match.start() if match else 0
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def place_of_mention(message: str, text: str) -> tuple[int, int]:
    """Line and column in ``text`` of the first name in ``message`` that it holds.

    The Hub's messages name the field they are about, but know no lines.
    """
    for word in re.findall(r"[\w@/.-]*\w", message):
        if match := re.search(rf'"{re.escape(word)}["@]', text):
            at = match.start()
            return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return 1, 1


def _check_types(manifest: dict, fault) -> set[str]:
    wrong = set()
    for field in _TEXTS:
        if not isinstance(manifest.get(field) or "", str):
            fault(field, f"'{field}' must be text")
            wrong.add(field)
    for field in _LISTS:
        values = manifest.get(field) or []
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            fault(field, f"'{field}' must be a list of texts")
            wrong.add(field)
    if not isinstance(manifest.get("drizzleSchema") or False, bool):
        fault("drizzleSchema", "'drizzleSchema' must be true or false")
    return wrong


def _check_name(name, fault) -> None:
    slug = slug_of(name)
    if mixes_scripts(name):
        message = f"the name '{name}' mixes ASCII letters with those of another script"
        fault("name", message, "INVALID_NAME")
    elif not 2 <= len(slug) <= 58:
        message = f"the name '{name}' makes the slug '{slug}': 2 to 58 characters fit"
        fault("name", message, "INVALID_NAME")


def _check_version(version, fault) -> None:
    from semver import Version

    if len(version) > 64 or not Version.is_valid(version):
        fault("version", f"'{version}' is not a SemVer version", "INVALID_VERSION")


def _check_description(description, fault) -> None:
    if len(description) > MAX_DESCRIPTION_CHARS or "\n" in description:
        fault("description", f"use one paragraph of {MAX_DESCRIPTION_CHARS} characters")


def _check_category(category, fault) -> None:
    """Check the spelling only: a Hub may have any categories."""
    if category != category.strip().lower():
        message = f"category '{category}' must be written in lowercase"
        fault("category", message, "INVALID_CATEGORY")


def _check_language(language, fault) -> None:
    if language not in LANGUAGES:
        fault("language", f"'{language}' is not one of: {', '.join(LANGUAGES)}")


def _check_entrypoint(entrypoint, fault) -> None:
    if not is_safe_path(entrypoint):
        message = f"'{entrypoint}' is not a path below the function directory"
        fault("entrypoint", message, "INVALID_PATH")


def _check_tags(tags, fault) -> None:
    if len(tags) > MAX_TAGS:
        fault("tags", f"{len(tags)} tags; at most {MAX_TAGS} fit")
    for tag in tags:
        if not _TAG.match(tag.lower()):
            fault("tags", f"'{tag}' cannot be a tag")


def _check_route_path(path, fault) -> None:
    if not re.match(r"/(?!/)[^?#\\\s]*\Z", path) or ".." in path.split("/"):
        fault("routePath", f"'{path}' is not a path like /api/image-resize")


def _check_route_export(name, fault) -> None:
    if not _IDENTIFIER.match(name):
        fault("routeExport", f"'{name}' is not an identifier")


def _check_variables(names, fault) -> None:
    for name in names:
        if not _VARIABLE.match(name) or name == "__proto__":
            fault("envVars", f"'{name}' cannot name a variable")


_CHECKS = {
    "name": _check_name,
    "version": _check_version,
    "description": _check_description,
    "category": _check_category,
    "language": _check_language,
    "entrypoint": _check_entrypoint,
    "tags": _check_tags,
    "routePath": _check_route_path,
    "routeExport": _check_route_export,
    "envVars": _check_variables,
}
