"""What clients send, read into one shape: a manifest, files, a README.

Three generations of clients send the same thing differently (docs/api.md, "Push"):
fields at top level, in ``config_schema`` or both; the entrypoint as ``code``, among
``files`` or both; and empty values for what they don't know.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from registry import errors, paths, strict_json
from registry.manifest import FIELDS, Faults, Manifest, is_missing

# Some clients send these out of habit. They set nothing: an author can't choose them.
NEVER_READ = frozenset(
    "id status owner owner_id author author_id author_username account url admin_url "
    "hub_url created_at updated_at published published_at yanked deprecated "
    "star_count clone_count integrity".split()
)
OF_A_PUSH = frozenset(["slug", "readme", "code", "files", "config_schema"])
_SHAPES = {"slug": str, "readme": str, "code": str, "files": dict}
MAX_NOTED = 50  # unknown keys that warnings name
ENTRYPOINTS = [
    f"{folder}{stem}{ending}"
    for stem in ("index", "adapter", "core")
    for folder in ("", "src/")
    for ending in (".ts", ".js")
]


@dataclass
class Submission:
    """A body, read. ``manifest`` holds only what was sent, not yet checked.

    code is None when the body has none; an empty ``code`` is there, and empty.
    ``cleared`` names lists sent empty on purpose, ``dropped`` the files sent as null:
    both count for an update only.
    """

    manifest: dict[str, Any]
    files: dict[str, str]
    slug: str = ""
    readme: str = ""
    code: str | None = None
    dropped: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    def copy(self) -> "Submission":
        """One that can be filled and checked without changing this one."""
        return replace(
            self,
            manifest=dict(self.manifest),
            files=dict(self.files),
            faults=Faults([*self.faults.found], [*self.faults.warnings]),
        )


def read(body: dict, *, keeps_extras: bool = False) -> Submission:
    """Sort ``body`` into a Submission. Faults of shape are noted, not raised.

    keeps_extras: are unknown top-level keys aerostack.json's own (CI sends it so)?
    Either way they set nothing, and a warning names them.
    """
    faults = Faults()
    parts = {name: _part(body, name, kind, faults) for name, kind in _SHAPES.items()}
    config = _config(body, parts["files"], faults)
    manifest = {key: value for key, value in config.items() if key not in NEVER_READ}
    for name, known in FIELDS.items():
        if not is_missing(known, body.get(name)) and not (
            name == "category" and not is_missing(known, config.get(name))
        ):
            manifest[name] = body[name]
    _note_unknown(body, manifest if keeps_extras else None, faults)
    return Submission(
        manifest=manifest,
        files={path: text for path, text in parts["files"].items() if text is not None},
        slug=parts["slug"].strip(),
        readme=parts["readme"] or _readme_among(parts["files"]),
        code=parts["code"] if body.get("code") is not None else None,
        dropped=[path for path, text in parts["files"].items() if text is None],
        cleared=[name for name in FIELDS if body.get(name) == []],
        faults=faults,
    )


def _part(body: dict, name: str, kind: type, faults: Faults) -> Any:
    value = body.get(name)
    if value is None:
        return kind()
    if type(value) is not kind:
        wanted = "text" if kind is str else "an object of path and text"
        faults.add(f"{name} is not {wanted}.", name)
        return kind()
    return value


def _config(body: dict, files: dict, faults: Faults) -> dict:
    """The aerostack.json of the body: config_schema, else the file of that name."""
    config = body.get("config_schema")
    filed = _filed_config(files, faults)
    if config is None or config == "":
        return filed or {}
    if not isinstance(config, dict):
        faults.add("config_schema is not an object.", "config_schema")
        return {}
    differing = [
        name
        for name in FIELDS
        if filed and config and filed.get(name) != config.get(name)
    ]
    if differing:
        faults.add(
            "The file aerostack.json differs from config_schema in "
            f"{', '.join(differing)}.",
            "config_schema",
        )
    return config


def _filed_config(files: dict, faults: Faults) -> dict | None:
    text = files.get("aerostack.json")
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        config = strict_json.parse(text, what="The file aerostack.json")
    except errors.InvalidJson as error:
        faults.add(error.message, "files")
        return None
    if not isinstance(config, dict):
        faults.add("The file aerostack.json is not one JSON object.", "files")
        return None
    return config


def _note_unknown(body: dict, manifest: dict | None, faults: Faults) -> None:
    noted = []
    for key in sorted(body.keys() - FIELDS.keys() - OF_A_PUSH - {"publish"}):
        if key in NEVER_READ:
            if body[key] not in ("", None):
                noted.append(f"{errors.shown(key)} was ignored.")
        elif manifest is None:
            noted.append(f"The unknown key {errors.shown(key)} was ignored.")
        else:
            manifest.setdefault(key, body[key])
            noted.append(
                f"The unknown key {errors.shown(key)} was kept and sets nothing."
            )
    faults.warnings += noted[:MAX_NOTED]
    if len(noted) > MAX_NOTED:
        faults.warnings.append(f"So were {len(noted) - MAX_NOTED} more.")


def _readme_among(files: dict) -> str:
    for path, text in files.items():
        if path.lower() == "readme.md" and isinstance(text, str):
            return text
    return ""


def place_code(submission: Submission, *, named: str, language: str) -> str:
    """Put ``code`` among the files and return the entrypoint's path.

    named: the entrypoint the manifest names, or "". language: tells the file name of
    a ``code`` without one. Where no entrypoint can be told the default is returned,
    which names no file; ``check_entrypoint`` then says so.

    Source: docs/api.md, "Push", code and files.
    """
    files, code = submission.files, submission.code
    default = "index.js" if language == "javascript" else "index.ts"
    is_new = bool(code and code.strip()) and code not in files.values()
    if named:
        entrypoint = named.removeprefix("./")
    elif is_new and default not in files:
        entrypoint = default
    else:
        entrypoint = next((path for path in ENTRYPOINTS if path in files), default)
    if is_new and entrypoint not in files:
        files[entrypoint] = code
    elif is_new:
        submission.faults.warnings.append(
            f"code differs from the file {errors.shown(entrypoint)}; the file was kept."
        )
    return entrypoint


def check_entrypoint(
    files: dict, entrypoint: str, code: str | None
) -> errors.RegistryError | None:
    """EmptyCode or MissingEntrypoint, when the files hold nothing to run."""
    from registry.content.rendering import language_of
    from registry.inspection import has_code

    if entrypoint in files:
        text = files[entrypoint]
        if isinstance(text, str) and not has_code(text, language_of(entrypoint)):
            return errors.EmptyCode(
                f"The entrypoint {errors.shown(entrypoint)} is empty, white space or "
                "comments only.",
                field="code",
            )
        return None
    if code is not None and not any(map(paths.is_source, files)):
        return errors.EmptyCode("The code is empty.", field="code")
    return errors.MissingEntrypoint(
        f"The entrypoint {errors.shown(entrypoint)} names no file that was sent.",
        field="entrypoint",
    )


def check_code(manifest: Manifest, files: dict, code: str | None) -> list:
    """Every fault between the manifest and the files it came with."""
    found = []
    fault = check_entrypoint(files, manifest["entrypoint"], code)
    if fault:
        found.append(fault)
    if manifest["language"] == "javascript" and manifest["entrypoint"].endswith(
        (".ts", ".tsx", ".mts", ".cts")
    ):
        found.append(
            errors.ValidationError(
                f"The language is javascript, but {manifest['entrypoint']} is "
                "TypeScript.",
                field="language",
            )
        )
    if manifest["drizzleSchema"] and not any(
        path.rpartition("/")[2] in ("schema.ts", "schema.js") for path in files
    ):
        found.append(
            errors.ValidationError(
                "drizzleSchema is true, but there is no schema.ts.",
                field="drizzleSchema",
            )
        )
    return found
