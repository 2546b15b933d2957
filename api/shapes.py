"""Rows of the registry as the JSON that clients read (docs/api.md)."""

from datetime import datetime

from django.conf import settings

from accounts.models import ApiKey
from registry.catalog.lists import FunctionRow
from registry.installs.layout import InstallFile, entrypoint_among
from registry.models import Draft, Function, Version
from registry.publishing import CiResult
from registry.search import Found


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def function_list(found: Found, limit: int) -> dict:
    """A page of functions."""
    return {
        "functions": [_item(row, row.username, row.category) for row in found.rows],
        "total": found.total,
        "limit": limit,
        "next": found.next,
    }


def item(function: Function) -> dict:
    """A function in a list; no code."""
    category = function.category.slug if function.category_id else ""
    return _item(function, function.owner.username, category)


def _item(function: Function | FunctionRow, username: str, category: str) -> dict:
    """username, category: those of ``function``, which its kinds name differently."""
    return {
        "id": str(function.uid),
        "name": function.name,
        "slug": function.slug,
        "description": function.description,
        "category": category,
        "author_username": username,
        "star_count": function.star_count,
        "clone_count": function.install_count,
        "version": function.latest_number,
        "tags": function.tags,
        "license": function.license,
        "updated_at": timestamp(function.updated_at),
    }


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
        "deprecated": version.function.is_deprecated,
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


def draft_item(draft: Draft) -> dict:
    """A draft in its author's own list."""
    manifest, function = draft.manifest, draft.function
    return {
        **item(function),
        "id": str(draft.pk),
        "name": manifest.get("name") or function.name,
        "description": manifest.get("description") or "",
        "category": manifest.get("category") or "",
        "version": draft.number,
        "tags": manifest.get("tags") or [],
        "license": manifest.get("license") or "",
        "updated_at": timestamp(draft.updated_at),
        "status": "published" if draft.version_id else "draft",
    }


def function(version: Version, files: dict[str, str]) -> dict:
    """A published function: the listing, and the content of ``version``."""
    listed = version.function
    readme = version.readme
    if version.pk == listed.latest_id:
        readme = listed.readme  # edited since, perhaps; code never is
    return {
        **item(listed),
        **_content(version.manifest, files),
        "code": files.get(entrypoint_among(files, version), ""),
        "readme": readme.text if readme else "",
        "version": version.number,
        "status": "published",
        "url": listed.url,
    }


def draft(draft: Draft) -> dict:
    """A draft as its owner gets it."""
    return {
        **draft_item(draft),
        **_content(draft.manifest, draft.files),
        "readme": draft.readme,
        "url": draft.function.url,
        "admin_url": admin_url(draft),
        "revision": draft.revision,
    }


def _content(manifest: dict, files: dict[str, str]) -> dict:
    return {
        "language": manifest.get("language") or "",
        "runtime": manifest.get("runtime") or "",
        "code": files.get(manifest.get("entrypoint") or "", ""),
        "files": files,
        "config_schema": manifest,
        "license": manifest.get("license") or "",
    }


def pushed(draft: Draft, warnings: list[str]) -> dict:
    return {
        "id": str(draft.pk),
        "slug": draft.function.slug,
        "name": draft.manifest["name"],
        "author": draft.function.owner.username,
        "version": draft.number,
        "status": "published" if draft.version_id else "draft",
        "url": draft.function.url,
        "admin_url": admin_url(draft),
        "warnings": warnings,
    }


def published(function: Function, number: str, draft_id: str, *, again: bool) -> dict:
    return {
        "success": True,
        "id": draft_id,
        "slug": function.slug,
        "version": number,
        "status": "published",
        "url": function.url,
        "hub_url": settings.HUB_URL + function.url,
        "already_published": again,
    }


def ci_result(result: CiResult) -> dict:
    made = published(
        result.function,
        result.number,
        result.draft_uid,
        again=result.already_published,
    )
    return made | {
        "status": "published" if result.version else "draft",
        "created": result.created,
        "warnings": result.warnings,
    }


def version_item(version: Version) -> dict:
    return {
        "version": version.number,
        "publishedAt": timestamp(version.published_at),
        "integrity": version.integrity,
        **notices(version),
    }


def identity(key: ApiKey) -> dict:
    """Who a key speaks for."""
    if key.is_account_key:
        account = key.account
        return {
            "keyType": "account",
            "userId": str(account.pk),
            "username": account.username,
            "email": account.email,
            "name": account.shown_name,
            "message": f"Signed in as {account.username}.",
        }
    project = key.project
    return {
        "keyType": "project",
        "projectId": str(project.pk),
        "projectName": project.name,
        "slug": project.slug,
        "url": project.url,
    }


def admin_url(draft: Draft) -> str:
    """Where the draft is edited; absolute, printed by clients."""
    return f"{settings.ADMIN_URL}/functions/edit/{draft.pk}"
