"""JSON Schemas of what the API takes and gives, by name (OpenAPI 3.1 components)."""

from registry.catalog.vocabulary import active_categories
from registry.manifest import json_schema
from registry.models.moderation import REPORT_REASONS

TEXT, COUNT, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
NULLABLE = {"type": ["string", "null"]}
TEXTS = {"type": "array", "items": TEXT}
MOMENT = {"type": "string", "format": "date-time"}
FILES = {"type": "object", "additionalProperties": TEXT}
ANYTHING = {"type": "object"}

REFUSALS = {"community": "Refusal", "cli": "CliRefusal"}

PARAMETERS = {
    "category": {"description": "A category's slug.", "schema": TEXT},
    "tag": {"description": "One tag.", "schema": TEXT},
    "author": {"description": "A username.", "schema": TEXT},
    "search": {"description": "Words to look for.", "schema": TEXT},
    "sort": {
        "description": "Default: recent; with search, relevance.",
        "schema": {
            "type": "string",
            "enum": ["relevance", "stars", "installs", "recent", "name"],
        },
    },
    "limit": {
        "description": "Rows of a page, 1 to 100; 20 by default.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100},
    },
    "cursor": {"description": "`next` of the page before.", "schema": TEXT},
    "version": {
        "description": "A version number; else the latest.",
        "schema": TEXT,
    },
    "layout": {
        "description": "`flat` (default) for clients that can't make folders; "
        "`source` for the files as published.",
        "schema": {"type": "string", "enum": ["flat", "source"]},
    },
}


def record(required: dict, optional: dict | None = None) -> dict:
    """An object whose ``required`` keys are always there."""
    return {
        "type": "object",
        "required": sorted(required),
        "properties": required | (optional or {}),
    }


def wrapped(name: str, schema: dict) -> dict:
    return record({name: schema})


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> dict:
    return {"type": "array", "items": ref(name)}


def schemas() -> dict[str, dict]:
    """Every component; aerostack.json's carries this Hub's categories."""
    manifest = json_schema(active_categories())
    manifest.pop("$schema")
    return {"Manifest": manifest, **_taken(manifest), **_given(), **_refused()}


def _taken(manifest: dict) -> dict:
    fields = {
        name: {"anyOf": [schema, {"enum": ["", None, []]}]}
        for name, schema in manifest["properties"].items()
    }
    code = {
        "slug": {"type": ["string", "null"], "description": "Else made from name."},
        "code": {"type": ["string", "null"], "description": "The entrypoint's text."},
        "files": {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "null"]},
            "description": "Path to text. In an update, null removes a file.",
        },
        "readme": {"type": ["string", "null"]},
    }
    push = {**fields, **code, "config_schema": {"type": ["object", "null"]}}
    return {
        "Push": {"type": "object", "properties": push},
        "CiPublish": {
            "type": "object",
            "properties": {**fields, **code, "publish": {"type": ["boolean", "null"]}},
        },
        "Login": record({"email": TEXT, "password": TEXT}),
        "Report": record(
            {
                "function": {**TEXT, "description": "username/slug"},
                "reason": {"type": "string", "enum": list(REPORT_REASONS)},
            },
            {"text": NULLABLE, "version": NULLABLE},
        ),
        "Reported": record({"id": TEXT}),
        "Yank": record({"reason": TEXT}, {"replacement": {"type": ["string", "null"]}}),
        "Deprecate": record(
            {"message": TEXT}, {"successor": {"type": ["string", "null"]}}
        ),
    }


_ITEM = {
    "id": TEXT,
    "name": TEXT,
    "slug": TEXT,
    "description": TEXT,
    "category": TEXT,
    "author_username": TEXT,
    "star_count": COUNT,
    "clone_count": COUNT,
    "version": TEXT,
    "tags": TEXTS,
    "license": TEXT,
    "updated_at": MOMENT,
}
_CONTENT = {
    "readme": TEXT,
    "language": TEXT,
    "runtime": TEXT,
    "code": TEXT,
    "files": FILES,
    "config_schema": ANYTHING,
    "status": TEXT,
    "url": TEXT,
}
_NOTICES = {"yanked": FLAG, "deprecated": FLAG}
_WHY = {
    "renamedFrom": TEXT,
    "yankReason": TEXT,
    "replacement": TEXT,
    "deprecationMessage": TEXT,
    "successor": TEXT,
}
_PUBLISHED = {
    "success": FLAG,
    "id": TEXT,
    "slug": TEXT,
    "version": TEXT,
    "status": {"enum": ["draft", "published"]},
    "url": TEXT,
    "hub_url": TEXT,
    "already_published": FLAG,
}
_INSTALL = {
    "id": TEXT,
    "name": TEXT,
    "slug": TEXT,
    "description": TEXT,
    "author": TEXT,
    "version": TEXT,
    "category": TEXT,
    "type": {"enum": ["feature", "utility"]},
    "language": TEXT,
    "runtime": TEXT,
    "license": TEXT,
    "starCount": COUNT,
    "cloneCount": COUNT,
    "tags": TEXTS,
    "entrypoint": TEXT,
    "npmDependencies": TEXTS,
    "envVars": TEXTS,
    "routeExport": TEXT,
    "routePath": TEXT,
    "drizzleSchema": FLAG,
    "files": {
        "type": "array",
        "items": record(
            {"path": TEXT, "content": TEXT, "sha256": TEXT, "size": COUNT},
            {"generated": FLAG},
        ),
    },
    "integrity": {"type": "string", "pattern": "^sha256-"},
    "publishedAt": MOMENT,
    **_NOTICES,
}


def _given() -> dict:
    own = record({**_ITEM, "status": {"enum": ["draft", "published"]}})
    draft = record({**_ITEM, **_CONTENT, "admin_url": TEXT, "revision": COUNT})
    pushed = ("id", "slug", "name", "author", "version", "status", "url", "admin_url")
    return {
        "Item": record(_ITEM),
        "FunctionList": record(
            {"functions": list_of("Item"), "total": COUNT, "limit": COUNT, "next": TEXT}
        ),
        "OwnItem": own,
        "OwnList": record({"functions": list_of("OwnItem")}),
        "FunctionContent": record({**_ITEM, **_CONTENT}),
        "Function": wrapped("function", ref("FunctionContent")),
        "Draft": wrapped("function", draft),
        "Pushed": record({**dict.fromkeys(pushed, TEXT), "warnings": TEXTS}),
        "Published": record(_PUBLISHED),
        "CiPublished": record({**_PUBLISHED, "created": FLAG, "warnings": TEXTS}),
        "InstallManifest": record(_INSTALL, _WHY),
        "InstallManifestAndFunction": record(
            {**_INSTALL, "function": ref("FunctionContent")}, _WHY
        ),
        "VersionItem": record(
            {"version": TEXT, "publishedAt": MOMENT, "integrity": TEXT, **_NOTICES},
            _WHY,
        ),
        "VersionList": record({"versions": list_of("VersionItem")}),
        "Deprecation": record({"deprecated": FLAG, "message": TEXT, "successor": TEXT}),
        "File": record(
            {
                "content": TEXT,
                "versions": {
                    "type": "array",
                    "items": record(
                        dict.fromkeys(("author", "slug", "version", "path"), TEXT)
                    ),
                },
            }
        ),
        "Diagnostics": record({"ok": FLAG, "diagnostics": list_of("Diagnostic")}),
        "Diagnostic": record(
            {
                "severity": {"enum": ["error", "warning", "info"]},
                "rule": TEXT,
                "message": TEXT,
                "path": TEXT,
                **dict.fromkeys(("line", "column", "endLine", "endColumn"), COUNT),
            }
        ),
        "Identity": record(
            {"keyType": {"enum": ["account", "project"]}},
            dict.fromkeys(
                "userId username email name message "
                "projectId projectName slug url".split(),
                TEXT,
            ),
        ),
        "Token": record({"token": TEXT}),
        "Telemetry": record({"id": {"type": "null"}}),
    }


def _refused() -> dict:
    fault = record({"code": TEXT, "message": TEXT}, {"field": TEXT})
    refusal = {"code": TEXT, "message": TEXT, "fix": TEXT}
    return {
        "Refusal": record(
            {"error": TEXT, **refusal},
            {"field": TEXT, "details": {"type": "array", "items": fault}},
        ),
        "CliRefusal": record({"error": record(refusal)}),
    }
