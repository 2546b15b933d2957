"""``functions validate``: check a function without pushing it."""

from __future__ import annotations

from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import ExitStatus
from aerostack_cli.manifest import FILE_NAME, check_manifest, place_of_mention
from aerostack_cli.output import count, one_line
from aerostack_cli.project import Function, read_function

_COLOURS = {"error": "red", "warning": "yellow"}


@click.command(
    epilog=examples(
        "aerostack functions validate\n"
        "aerostack functions validate ./my-image-resizer --json"
    )
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--offline", is_flag=True, help="Only the checks of this machine.")
@common_options
def validate(app: App, path, offline):
    """Check aerostack.json and the code, without storing anything.

    The manifest is checked on this machine, then the code by the Hub. Findings are
    printed as file:line:column. The exit status is 1 when one of them is an error.
    No key is needed.
    """
    function = read_function(path)
    findings = _local(function)
    if not offline:
        with app.out.waiting(f"Asking {app.hub_url}"):
            remote = app.hub().validate(function.validation_payload())
        known = {(item["path"], item["rule"]) for item in findings}
        findings += [
            _placed(item, function)
            for item in remote
            if (item.get("path"), item.get("rule")) not in known
        ]
    for note in function.notes:
        app.out.warn(note)
    ok = not any(item.get("severity") == "error" for item in findings)
    app.out.data({"ok": ok, "diagnostics": findings})
    for item in findings:
        _show(app, item)
    verdict = count(len(findings), "finding") if findings else "No findings"
    files = count(len(function.files), "file")
    app.out.note(f"{verdict} in {function.name} ({files}).")
    return ExitStatus.DONE if ok else ExitStatus.REFUSED


def _local(function: Function) -> list[dict]:
    if not function.manifest_text:
        return []
    findings = check_manifest(function.manifest, function.manifest_text)
    return [finding.as_json() for finding in findings]


def _placed(item: dict, function: Function) -> dict:
    """The Hub's finding ``item``, with line and column if it is about
    aerostack.json."""
    if item.get("path") != FILE_NAME or not function.manifest_text:
        return item
    text = function.manifest_text
    line, column = place_of_mention(str(item.get("message")), text)
    return item | dict(line=line, column=column, endLine=line, endColumn=column)


def _show(app: App, item: dict) -> None:
    place = str(item.get("path") or "aerostack.json")
    for key in ("line", "column"):
        if item.get(key):
            place += f":{item[key]}"
    severity = str(item.get("severity"))
    text = f"{place}: {severity}: {item.get('message')} [{item.get('rule')}]"
    app.out.line(one_line(text), fg=_COLOURS.get(severity))
