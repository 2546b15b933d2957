"""Demo content: pushes and publishes examples/."""

import json
from pathlib import Path

from accounts.models import Account, random_password
from accounts.registration import create_account
from registry import publishing, semver
from registry.content import derived
from registry.models import Function, Version

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SOURCE = {".ts", ".js"}
NOT_SENT = {"versions"}


def seed(password: str) -> int:
    """Publish every example through the registry's own verbs.

    password: for the account ``demo``; other authors get random ones.

    Returns the number of functions.
    """
    demo = json.loads((EXAMPLES / "demo.json").read_text())
    authors = {
        author["username"]: _author(author, password) for author in demo["authors"]
    }
    for entry in demo["functions"]:
        _publish_all(EXAMPLES / entry["slug"], authors[entry["author"]])
    for entry in demo["functions"]:
        _retract(entry, authors[entry["author"]])
    for version_id in Version.objects.order_by("id").values_list("id", flat=True):
        derived.make(version_id)
    return len(demo["functions"])


def push_body(folder: Path) -> dict:
    """The body that the command line would push for an example folder."""
    files = {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.suffix in SOURCE and not NOT_SENT & set(path.relative_to(folder).parts)
    }
    return {
        "config_schema": json.loads((folder / "aerostack.json").read_text()),
        "files": files,
        "readme": (folder / "README.md").read_text(),
    }


def _author(author: dict, password: str) -> Account:
    username = author["username"]
    return create_account(
        username,
        f"{username}@example.com",
        password if username == "demo" else random_password(),
        display_name=author["display_name"],
        bio=author["bio"],
    )


def _publish_all(folder: Path, author: Account) -> None:
    older = sorted(
        (folder / "versions").glob("*"), key=lambda f: semver.parse(f.name).sort_key
    )
    for version in [*older, folder]:
        sent = {"by": author, "via": "cli", "is_exempt": True}
        draft = publishing.push(push_body(version), **sent).draft
        publishing.publish(draft, **sent)


def _retract(entry: dict, author: Account) -> None:
    function = Function.objects.get(slug=entry["slug"])
    for yank in entry.get("yank", []):
        publishing.yank(
            function.versions.get(number=yank["version"]),
            reason=yank["reason"],
            replacement=yank.get("replacement", ""),
            by=author,
            via="cli",
        )
    if "deprecate" in entry:
        publishing.deprecate(function, **entry["deprecate"], by=author, via="cli")
