"""The values that the pages about one function are drawn with, as texts.

The templates that ask for them (function_base, function_readme, function_source) are
drawn once and filled (frames.py). Previews of drafts are drawn with the same.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import quote

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.dateformat import format as formatted
from django.utils.safestring import SafeString

from registry.catalog.file_tree import tree_of
from registry.content.rendering import Rendered, script_data
from registry.drawing.frames import filled, joined
from registry.drawing.structured import structured_data
from registry.inspection.uses import Use

LANGUAGES = {"javascript": "JavaScript"}
MOST_NEEDS = 8  # of a kind beside the README; the Uses tab has the rest
YES = "yes"


def head(page) -> dict[str, str]:
    """Of every page about ``page.function`` at ``page.version``.

    page: a FunctionPage, or what stands in for one (hub/function_page.py).
    """
    function, version = page.function, page.version
    owner, manifest = function.owner.username, version.manifest
    return {
        "path": function.path,
        "number": version.number,
        "description": function.description,
        "canonical": page.canonical,
        "url": function.url,
        "stars": f"{function.star_count:,}" if function.star_count else "",
        "category": function.category.slug,
        "category_label": function.category.label,
        "username": owner,
        "slug": function.slug,
        "prerelease": YES if version.is_prerelease else "",
        "lead": manifest["description"],
        "license": manifest["license"] or "",
        "published": version.published_at.isoformat(),
        "published_on": _day(version.published_at.date()),
        "shown_url": page.url,
        "file_count": str(page.file_count),
        "version_count": str(page.version_count),
        **_notices(page),
    }


def detail_html(page, **shown) -> SafeString:
    """The first page of a function. shown: as ``detail`` takes it."""
    values = head(page) | detail(page, **shown) | _for_machines(page)
    return filled("hub/function_readme.html", values, tab="readme", section="functions")


def detail(
    page,
    *,
    readme: Rendered | None,
    examples: Iterable[Sequence],
    screenshots: Iterable[Sequence],
) -> dict[str, str]:
    """Beside ``head``. examples: (title, code) of each. screenshots: (SHA-256, width,
    height, alt) of each."""
    return {
        "has_readme": YES if readme else "",
        "readme": readme.html if readme else "",
        "incomplete": _why_plain(readme) if readme else "",
        "pinned": YES if page.is_pinned else "",
        "examples": joined(
            filled("hub/_example.html", {"title": title, "code": code})
            for title, code in examples
        ),
        "screenshots": joined(
            _screenshot(page.function.url, *picture) for picture in screenshots
        ),
        **_needs(page),
        **_about(page),
    }


def source_html(page, **shown) -> SafeString:
    """The page of one file. shown: as ``source`` takes it."""
    values = head(page) | source(page, **shown)
    return filled("hub/function_source.html", values, tab="source", section="functions")


def source(page, path: str, size: int, drawn: Rendered) -> dict[str, str]:
    """Beside ``head``. size: bytes of the file."""
    tree = tree_of(page.files, path) if len(page.files) > 1 else []
    return {
        "file": path,
        "file_size": filesizeformat(size),
        "is_entrypoint": YES if path == page.version.entrypoint else "",
        "raw_url": page.raw_url + path,
        "incomplete": _why_plain(drawn),
        "source": drawn.html,
        "tree": _tree(tree, page.url),
    }


def use_list(
    uses: Sequence[Use], base: str, most: int = 0, none: str = "None"
) -> SafeString:
    """What is used of one kind. most: how many to show; 0 is all."""
    shown = uses[:most] if most else uses
    values = {
        "rows": joined(_use(use, base) for use in shown),
        "more": str(len(uses) - len(shown) or ""),
        "base": base,
        "none": none,
    }
    return filled("hub/_use_list.html", values)


def _notices(page) -> dict[str, str]:
    """What a reader must know before anything else."""
    function, version = page.function, page.version
    latest = function.latest_number
    values = {"latest": latest}
    if hasattr(function, "deprecation"):
        values["deprecated"] = YES
        values["deprecation"] = function.deprecation.message
        values["successor"] = function.deprecation.successor
    if version.is_yanked:
        values["yanked_on"] = _day(version.yank.at.date())
        values["yank_reason"] = version.yank.reason
        values["replacement"] = version.yank.replacement
    elif page.is_pinned and latest != version.number:
        values["newer"] = latest
    return values


def _needs(page) -> dict[str, str]:
    uses, manifest = page.uses, page.version.manifest

    def listed(found: Sequence[Use], none: str = "None") -> SafeString:
        return use_list(found, page.url, MOST_NEEDS, none)

    values = {
        "command": page.command,
        "packages": listed(uses.packages),
        "variables": listed(uses.variables),
        "hosts": listed(uses.hosts) if uses.hosts else "",
        "storage": listed(uses.storage) if uses.storage else "",
        "untouched": "" if uses.missing else YES,
        "route": manifest["routePath"] or "",
    }
    if manifest["drizzleSchema"] or uses.tables:
        values["tables"] = listed(uses.tables, "A Drizzle schema")
    return values


def _about(page) -> dict[str, str]:
    function, version = page.function, page.version
    by = version.published_by
    return {
        "published_by": by if by != function.owner.username else "",
        "language": LANGUAGES.get(version.manifest["language"], "TypeScript"),
        "runtime": version.manifest["runtime"],
        "size": filesizeformat(version.size),
        "files_plural": "" if page.file_count == 1 else "s",
        "installs": f"{function.install_count:,}",
        "integrity": version.integrity,
        "integrity_begins": f"{version.integrity[:23]}…",
        "function_tags": joined(map(_tag, function.tags)),
    }


def _for_machines(page) -> dict[str, str]:
    """Open Graph lines and JSON-LD."""
    data = structured_data(page.function, page.version, settings.HUB_URL)
    picture = f"{settings.HUB_URL}{page.function.url}/og.png"
    return {"picture": picture, "data": script_data(data)}


def _why_plain(drawn: Rendered) -> str:
    """Why a text is not drawn as it should be; "" where it is."""
    return "" if drawn.complete else drawn.reason or " "


def _screenshot(url: str, sha256: str, width: int, height: int, alt: str):
    values = {
        "address": f"{url}/screenshots/{sha256}.webp",
        "width": str(width),
        "height": str(height),
        "alt": alt,
    }
    return filled("hub/_screenshot.html", values)


def _use(use: Use, base: str) -> SafeString:
    values = {
        "name": use.name,
        "note": use.note,
        "path": use.path,
        "line": str(use.line),
        "base": base,
    }
    return filled("hub/_use.html", values, odd=use.is_odd)


@lru_cache(4_096)
def _tag(tag: str) -> SafeString:
    values = {"address": "/tags/" + quote(tag, safe="+"), "name": tag}
    return filled("hub/_function_tag.html", values)


def _tree(entries: list[dict], base: str) -> SafeString:
    return joined(
        filled(
            "hub/_tree.html",
            {"name": entry["name"], "entries": _tree(entry["entries"], base)},
        )
        if "entries" in entry
        else filled(
            "hub/_tree.html",
            {"name": entry["name"], "address": f"{base}/source/{entry['path']}"},
            chosen=entry["is_chosen"],
        )
        for entry in entries
    )


@lru_cache(1_000)
def _day(date) -> str:
    return formatted(date, "j M Y")
