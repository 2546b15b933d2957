"""The HTML that was made of a published text, as far as it is made."""

from core.db.prepared import Prepared
from registry.content import derived
from registry.content.rendering import README, RENDERER, Rendered, plain_html, safe
from registry.models import Blob, Rendering, Version

REMOVED = "The Hub's staff removed this text. Its hash and its size stay on record."
NOT_YET = "It was published a moment ago; reload to see it in full."
RENDERING = Prepared(
    lambda pk, kind: Rendering.objects.filter(blob__pk=pk, kind=kind, renderer=RENDERER)
)


def rendering_of(sha256: str, kind: str, version: Version) -> Rendered:
    """A text of ``version`` as HTML. One query, if it was rendered before.

    sha256: of a blob. kind: ``readme``, or the language of a source file.
    """
    made = RENDERING.first(sha256, kind)
    if made:
        return Rendered(safe(made.html), made.is_complete, made.reason)
    return not_rendered(Blob.objects.get(pk=sha256), kind, version)


def not_rendered(blob: Blob, kind: str, version: Version) -> Rendered:
    """What a page shows of a text that has no HTML (yet). Has it made."""
    if blob.size and not blob.text:
        return Rendered(safe(""), False, REMOVED)
    derived.ask_for(version)
    html = plain_html(blob.text, numbered=kind != README)
    return Rendered(html, False, NOT_YET, is_pending=True)
