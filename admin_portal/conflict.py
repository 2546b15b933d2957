"""Edit conflicts: two versions of a draft side by side, for the author to choose from.

Works on texts by name (aerostack.json, README.md, source paths), so that a manifest
with a syntax error can be shown and edited like any text.
"""

from admin_portal.draft_edit import (
    MANIFEST_PATH,
    README_PATH,
    Contents,
    like_stored,
    parse_object,
    source_files,
)
from admin_portal.forms import manifest_text
from registry.content.comparison import compare
from registry.paths import MAX_FILES

MAX_ITEMS = 2 * MAX_FILES + 2
MINE, THEIRS = "mine", "theirs"


def texts_of(contents: Contents) -> dict[str, str]:
    """All contents of a draft: name -> text."""
    return {
        MANIFEST_PATH: manifest_text(contents.manifest),
        README_PATH: contents.readme,
        **source_files(contents.files),
    }


def contents_of(texts: dict[str, str], draft) -> Contents:
    """The reverse of ``texts_of``. Raises InvalidJson."""
    manifest = parse_object(texts[MANIFEST_PATH])
    return Contents(manifest, source_files(texts), texts[README_PATH]).like(draft)


def context(draft, mine: dict[str, str]) -> dict:
    """Template context for each text that differs between ``draft`` and ``mine``."""
    theirs = texts_of(Contents.of(draft))
    changes = compare(theirs, mine, find_renames=False)
    items = [
        {
            "name": file["path"],
            "mine": mine.get(file["path"]),
            "theirs": theirs.get(file["path"]),
            "file": file,
        }
        for file in changes.files
    ]
    return {"draft": draft, "items": items, "reason": changes.reason}


def resolved(draft, post) -> dict[str, str]:
    """The draft's texts with every choice posted from that page applied."""
    texts = texts_of(Contents.of(draft))
    for index in range(MAX_ITEMS):
        name = post.get(f"item-{index}-name")
        if name is None:
            break
        if post.get(f"item-{index}-choice") == THEIRS:
            continue
        text = post.get(f"item-{index}-text")
        if text is None:
            texts.pop(name, None)
        else:
            texts[name] = like_stored(texts.get(name, ""), text)
    return {MANIFEST_PATH: "{}", README_PATH: "", **texts}
