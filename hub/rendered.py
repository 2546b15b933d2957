"""The stored HTML of a text, as a page of the Hub shows it."""

import re

from core.db.prepared import Prepared
from registry.content import derived
from registry.content.rendering import (
    README,
    RENDERER,
    Rendered,
    plain_html,
    resolve_relative,
    safe,
)
from registry.models import Blob, Rendering, Version

REMOVED = "The Hub's staff removed this text. Its hash and its size stay on record."
NOT_YET = "It was published a moment ago; reload to see it in full."
RENDERING = Prepared(
    lambda pk, kind: Rendering.objects.filter(blob__pk=pk, kind=kind, renderer=RENDERER)
)
FIRST_HEADING = re.compile(r"\s*<h2[^>]*>([^<]*)</h2>")


def source_of(blob: Blob, language: str, version: Version) -> Rendered:
    """A file of ``version``. One query when it has been rendered before."""
    return _shown(blob, language, version)


def readme_of(blob: Blob | None, page) -> Rendered | None:
    """A README as ``page`` shows it (hub/function_page.py); None when there is none."""
    return blob and as_readme(_shown(blob, README, page.version), page)


def as_readme(drawn: Rendered, page) -> Rendered:
    """A stored README, with its relative links leading to the sources."""
    html = _without_title(drawn.html, page.version)
    html = resolve_relative(html, f"{page.url}/source/")
    return Rendered(safe(html), drawn.complete, drawn.reason)


def _without_title(html: str, version: Version) -> str:
    """Without a first heading that only repeats the page's own."""
    title = FIRST_HEADING.match(html)
    names = {version.function.slug, version.manifest["name"].casefold()}
    return html[title.end() :] if title and title[1].casefold() in names else html


def _shown(blob: Blob, kind: str, version: Version) -> Rendered:
    kept = RENDERING.first(blob.pk, kind)
    if kept:
        return Rendered(safe(kept.html), kept.is_complete, kept.reason)
    if blob.size and not blob.text:
        return Rendered(safe(""), False, REMOVED)
    derived.schedule(version.pk)
    plain = plain_html(blob.text, numbered=kind != README)
    return Rendered(plain, False, NOT_YET)
