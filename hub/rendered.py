"""The stored HTML of a text, or the text itself where there is none (yet)."""

from registry.models import Blob, Rendering
from registry.rendering import (
    README,
    RENDERER,
    Rendered,
    plain_html,
    resolve_relative,
    safe,
)

NOT_YET = "It was published a moment ago and is still being prepared; reload to see it."


def source_of(blob_id: str, language: str) -> Rendered:
    """A file as a page shows it. At most two queries, whatever its size."""
    return _stored(blob_id, language) or _plain(blob_id, numbered=True)


def readme_of(blob_id: str | None, links: str) -> Rendered | None:
    """A README as a page shows it; None when there is none.

    links: address, ending in a slash, that its relative links are under.
    """
    if blob_id is None:
        return None
    shown = _stored(blob_id, README) or _plain(blob_id, numbered=False)
    html = safe(resolve_relative(shown.html, links))
    return Rendered(html, shown.complete, shown.reason)


def _stored(blob_id: str, kind: str) -> Rendered | None:
    rows = Rendering.objects.exclude(blob__removal__confirmed_at__isnull=False)
    row = rows.filter(blob_id=blob_id, kind=kind, renderer=RENDERER).first()
    return row and Rendered(safe(row.html), row.is_complete, row.reason)


def _plain(blob_id: str, *, numbered: bool) -> Rendered:
    blob = Blob.objects.select_related("removal").get(pk=blob_id)
    if not blob.text and hasattr(blob, "removal"):
        reason = f"The Hub's staff removed this text: {blob.removal.reason}"
        return Rendered(safe(""), False, reason)
    return Rendered(plain_html(blob.text, numbered), False, NOT_YET)
