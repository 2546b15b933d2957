"""A function and one of its versions as public pages show them, read by one statement.

The statement is that of the page's fingerprint (registry/fingerprints.py) with more
columns, so what is read and what the page depends on are of one moment. It goes past
the ORM: its rows stand in for Function and Version where a page shows them, and can do
nothing else. None: Django has to look, for there is no such page, it moved, was taken
down, or is not finished yet.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from registry import fingerprints

_SAID = (
    "pk uid updated_at description tags star_count install_count latest_pk"
    " latest_number username display_name category category_label"
    " deprecation successor version_pk yank_pk"
).split()
_OF_VERSION = {
    "number": "v.number",
    "is_prerelease": "CASE WHEN v.is_prerelease THEN 1 ELSE 0 END",
    "manifest": "CAST(v.manifest AS text)",
    "published_at": "CAST(v.published_at AS text)",
    "published_by": "v.published_by",
    "size": "v.size",
    "integrity": "v.integrity",
    "yank_reason": "y.reason",
    "yank_replacement": "y.replacement",
    "yanked_at": "CAST(y.at AS text)",
}
_DRAWN = {
    "html": "r.html",
    "is_complete": "CASE WHEN r.is_complete THEN 1 ELSE 0 END",
    "incomplete": "r.reason",
}
_FILES = fingerprints.Rows(
    "x.path, t.size",
    "registry_versionfile x JOIN registry_blob t ON t.sha256 = x.blob_id",
    "x.version_id = v.id",
    "x.path",
)
_TEXTS = _FILES._replace(columns="x.path, t.text, x.blob_id")


class Shape(NamedTuple):
    """What is read for a kind of page. said: names of what its fingerprint has beside
    the columns of all. more: further columns, the first of which it has too if they
    are named there."""

    pair: fingerprints.Pair
    said: tuple[str, ...]
    more: dict[str, Any]


DETAIL = Shape(
    fingerprints.DETAIL,
    ("version_count", "rendering_pk", "report", *fingerprints.BESIDE_README),
    {
        **fingerprints.BESIDE_README,
        **_OF_VERSION,
        **_DRAWN,
        "file_count": "(SELECT count(*) FROM registry_versionfile x"
        " WHERE x.version_id = v.id)",
    },
)
SOURCE = Shape(
    fingerprints.SOURCE,
    ("version_count", "file_pk", "rendering_pk"),
    {**_OF_VERSION, **_DRAWN, "files": _FILES},
)
INSTALL = Shape(fingerprints.INSTALL, (), {**_OF_VERSION, "files": _TEXTS})
RAW = Shape(fingerprints.RAW, ("file_pk", "removed_at"), {"text": "b.text"})


@dataclass(frozen=True)
class Shown:
    """function, version: as pages read those models."""

    function: SimpleNamespace
    version: SimpleNamespace


def read(shape: Shape, slug: str, number: str, *values: str) -> dict | None:
    """The columns by name; ``said`` is the fingerprint.

    values: of the parameters, as fingerprints.of_version takes them.
    """
    more = tuple(shape.more.values())
    found = fingerprints.of_version(shape.pair, number, *values, more=more)
    if found is None:
        return None
    said = [*_SAID, *shape.said]
    names = [*said, *(name for name in shape.more if name not in shape.said)]
    named = dict(zip(names, map(_text, found), strict=True))
    return named | {"slug": slug, "said": found[: len(said)]}


def rows(columns: dict, name: str) -> list[list]:
    """The rows that are in the column of that name."""
    return json.loads(columns[name]) if columns[name] else []


def shown(columns: dict) -> Shown:
    """``read`` with the function and the version put together."""
    function = _function(columns)
    return Shown(function, _version(columns, function))


def _function(found: dict) -> SimpleNamespace:
    owner = SimpleNamespace(
        username=found["username"],
        shown_name=found["display_name"] or found["username"],
    )
    path = f"{owner.username}/{found['slug']}"
    function = SimpleNamespace(
        pk=int(found["pk"]),
        uid=UUID(found["uid"]),
        slug=found["slug"],
        owner=owner,
        path=path,
        url=f"/functions/{path}",
        description=found["description"],
        tags=json.loads(found["tags"]),
        category=SimpleNamespace(slug=found["category"], label=found["category_label"]),
        star_count=int(found["star_count"]),
        install_count=int(found["install_count"]),
        latest_number=found["latest_number"],
        renamed_from="",
    )
    if found["deprecation"] is not None:
        function.deprecation = SimpleNamespace(
            message=found["deprecation"], successor=found["successor"]
        )
    return function


def _version(found: dict, function: SimpleNamespace) -> SimpleNamespace:
    manifest = json.loads(found["manifest"])
    version = SimpleNamespace(
        pk=int(found["version_pk"]),
        function=function,
        number=found["number"],
        is_prerelease=found["is_prerelease"] in (1, "1"),
        is_yanked=found["yank_pk"] is not None,
        manifest=manifest,
        entrypoint=manifest["entrypoint"],
        published_at=_moment(found["published_at"]),
        published_by=found["published_by"],
        size=int(found["size"]),
        integrity=found["integrity"],
    )
    if version.is_yanked:
        version.yank = SimpleNamespace(
            reason=found["yank_reason"],
            replacement=found["yank_replacement"],
            at=_moment(found["yanked_at"]),
        )
    return version


def _text(value):
    """PostgreSQL sends bytes here, SQLite what it stores."""
    return value.decode() if type(value) is bytes else value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
