"""``functions pull``: a function's source as its author keeps it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import Conflict, UntrustedAnswer, UsageError
from aerostack_cli.manifest import FILE_NAME
from aerostack_cli.plan import Plan, read_bytes, recover
from aerostack_cli.refs import Ref, parse_ref
from aerostack_cli.snapshot import text_bytes


@click.command(
    epilog=examples(
        "aerostack functions pull alice/image-resizer\n"
        "aerostack functions pull alice/image-resizer@1.0.0 --force"
    )
)
@click.argument("ref")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@common_options
def pull(app: App, ref, force):
    """Copy a function's source, to read or to change it.

    The source of REF, username/slug[@version], is written to ./<slug>/ as its
    author keeps it: aerostack.json, sources and README, ready to read, change and
    push under a name of your own.
    """
    wanted = parse_ref(ref)
    if not wanted.username:
        raise UsageError("Write username/slug.", fix="`functions search` finds it.")
    with app.out.waiting(f"Fetching {wanted}"):
        snapshot = app.hub().snapshot(wanted)
        exact = Ref(wanted.username, snapshot.slug, snapshot.version)
        function = app.hub().function(exact)
    files = {path: text.encode() for path, text in snapshot.files.items()}
    plan = _plan(snapshot.slug, files | _listing(function, set(files)), force)
    plan.apply()
    app.out.data({"ref": str(exact), "wrote": sorted(plan.writes)})
    app.out.line(f"Pulled {exact} to {snapshot.slug}/", fg="green")
    for path in sorted(plan.writes):
        app.out.note(f"   {path}")


def _plan(folder: str, files: dict[str, bytes], force: bool) -> Plan:
    root = Path.cwd()
    recover(root)
    plan = Plan(root, {f"{folder}/{path}": data for path, data in files.items()})
    blocked = [path for path in plan.changes() if read_bytes(root / path) is not None]
    if blocked and not force:
        raise Conflict(
            f"{folder}/ holds other files of these names; nothing was written.",
            fix="Move them away, or overwrite them with --force.",
            details=blocked,
        )
    return plan


def _listing(function: dict, names: set[str]) -> dict[str, bytes]:
    """aerostack.json and README.md, unless the version's own files include them."""
    manifest, readme = function.get("config_schema"), function.get("readme") or ""
    if not isinstance(manifest, dict) or not isinstance(readme, str):
        raise UntrustedAnswer("The Hub sent a function without its aerostack.json.")
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    extra = {FILE_NAME: text_bytes(text, FILE_NAME)}
    if readme:
        extra["README.md"] = text_bytes(readme, "a README")
    taken = {name.lower() for name in names}
    return {name: data for name, data in extra.items() if name.lower() not in taken}
