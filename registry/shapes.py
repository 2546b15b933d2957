"""Published rows as the JSON that anyone may read (docs/api.md)."""

import json
from json.encoder import encode_basestring as _text

from registry.asked import FunctionList
from registry.catalog.functions import InstallFile, entrypoint_among
from registry.catalog.lists import FunctionRow
from registry.models import Function, Version

JSON = "application/json"


def as_json(value: object) -> bytes:
    """``value`` as it is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def timestamp(moment) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def item(function: Function) -> dict:
    """A function in a list; no code."""
    return {
        "id": str(function.uid),
        "name": function.name,
        "slug": function.slug,
        "description": function.description,
        "category": function.category.slug if function.category_id else "",
        "author_username": function.owner.username,
        "star_count": function.star_count,
        "clone_count": function.install_count,
        "version": function.latest_number,
        "tags": function.tags,
        "license": function.license,
        "updated_at": timestamp(function.updated_at),
    }


def function_list(page: FunctionList) -> bytes:
    """A page of functions as it is sent. Put together as text: objects in between would
    cost as much as all the rest of it."""
    shown = ",".join([_listed(row) for row in page.found.rows])
    return (
        f'{{"functions":[{shown}],"total":{page.found.total},'
        f'"limit":{page.asked.limit},"next":{_text(page.found.next)}}}'
    ).encode()


def _listed(row: FunctionRow) -> str:
    """``item`` of a row that was read for a list."""
    return (
        f'{{"id":"{row.uid}","name":{_text(row.name)},"slug":{_text(row.slug)},'
        f'"description":{_text(row.description)},"category":{_text(row.category)},'
        f'"author_username":{_text(row.username)},"star_count":{row.star_count},'
        f'"clone_count":{row.install_count},"version":{_text(row.latest_number)},'
        f'"tags":{_compact(row.tags)},"license":{_text(row.license)},'
        f'"updated_at":"{row.updated_at.isoformat("T", "seconds")[:19]}Z"}}'
    )


def _compact(tags: list[str]) -> str:
    """JSON as the API writes it."""
    return json.dumps(tags, ensure_ascii=False, separators=(",", ":"))


def install_manifest(version: Version, files: list[InstallFile]) -> dict:
    """What a consumer's client needs to copy ``version``; flat keys."""
    function, manifest = version.function, version.manifest
    is_feature = manifest["routeExport"] and manifest["routePath"]
    return {
        "id": str(function.uid),
        "name": manifest["name"],
        "slug": function.slug,
        "description": manifest["description"],
        "author": function.owner.username,
        "version": version.number,
        "category": function.category.slug,
        "type": "feature" if is_feature else "utility",
        "language": manifest["language"],
        "runtime": manifest["runtime"],
        "license": manifest["license"],
        "starCount": function.star_count,
        "cloneCount": function.install_count,
        "tags": function.tags,
        "entrypoint": entrypoint_among({file.path for file in files}, version),
        "npmDependencies": manifest["npmDependencies"],
        "envVars": manifest["envVars"],
        "routeExport": manifest["routeExport"],
        "routePath": manifest["routePath"],
        "drizzleSchema": manifest["drizzleSchema"],
        "files": [_install_file(file) for file in files],
        "integrity": version.integrity,
        "publishedAt": timestamp(version.published_at),
        **notices(version),
    }


def _install_file(file: InstallFile) -> dict:
    made = {
        "path": file.path,
        "content": file.content,
        "sha256": file.sha256,
        "size": file.size,
    }
    return made | {"generated": True} if file.is_generated else made


def notices(version: Version) -> dict:
    """Yanked and deprecated, with the reasons where there are some."""
    made = {
        "yanked": version.is_yanked,
        "deprecated": hasattr(version.function, "deprecation"),
    }
    if version.function.renamed_from:
        made["renamedFrom"] = version.function.renamed_from
    if version.is_yanked:
        made["yankReason"] = version.yank.reason
        made["replacement"] = version.yank.replacement
    if made["deprecated"]:
        deprecation = version.function.deprecation
        made["deprecationMessage"] = deprecation.message
        made["successor"] = deprecation.successor
    return made
