"""``functions push``: send a function's source as a new draft."""

from __future__ import annotations

from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import UntrustedAnswer
from aerostack_cli.output import count
from aerostack_cli.project import Function, read_function


@click.command(
    epilog=examples(
        "aerostack functions push ./my-image-resizer/index.ts\n"
        "aerostack functions push index.ts\n"
        "aerostack functions push . --dry-run"
    )
)
@click.argument("file", type=click.Path(path_type=Path), default=".")
@click.option("--dry-run", is_flag=True, help="List what would be sent; send nothing.")
@common_options
def push(app: App, file, dry_run):
    """Send a function's source to the Hub as a new draft.

    FILE is a source file or a directory. aerostack.json is looked for beside it and
    upwards to the project's root. Sent are the entrypoint, every file it imports by
    a relative path, core, schema and adapter beside it, and the README; what
    .aerostackignore names stays here.

    Each push creates a new draft and prints its id, which `functions publish`
    takes.
    """
    function = read_function(file)
    if dry_run:
        show_files(app, function)
        return
    draft = push_draft(app, function)
    draft_id = str(draft["id"])
    app.out.data(draft)
    if app.out.quiet:
        app.out.line(draft_id)
    app.out.note()
    app.out.note(draft_id)
    app.out.note()
    app.out.note(f"Publish it with: aerostack functions publish {draft_id}")


def push_draft(app: App, function: Function) -> dict:
    """Push ``function`` and print warnings. Returns the Hub's answer, which has an
    ``id``."""
    for note in function.notes:
        app.out.warn(note)
    hub = app.account_hub()
    app.out.note(f"Pushing function '{function.name}' to Aerostack...")
    with app.out.waiting("Sending"):
        draft = hub.push(function.payload())
    if not isinstance(draft.get("id"), (str, int)) or not draft["id"]:
        raise UntrustedAnswer(
            "The Hub took the push but sent no id.",
            fix="Look for the draft with `aerostack functions list`.",
        )
    app.out.note("Pushed successfully!", fg="green")
    app.out.note(f"   Slug: {draft.get('slug')}")
    app.out.note(f"   Status: {draft.get('status')}")
    app.out.note(f"   Admin URL: {draft.get('admin_url')}")
    for warning in draft.get("warnings") or []:
        app.out.warn(warning)
    return draft


def show_files(app: App, function: Function) -> None:
    """List what a push of ``function`` would send."""
    texts = dict(function.files)
    if function.readme:
        texts["README.md"] = function.readme
    sizes = {path: len(text.encode()) for path, text in texts.items()}
    files = [{"path": path, "size": sizes[path]} for path in sizes]
    app.out.data(
        {
            "slug": function.slug,
            "directory": str(function.directory),
            "entrypoint": function.entrypoint,
            "files": files,
        }
    )
    app.out.note(f"Would push '{function.name}' from {function.directory}:")
    for path, size in sizes.items():
        role = "  (entrypoint)" if path == function.entrypoint else ""
        app.out.line(f"   {path}  {count(size, 'byte')}{role}")
    for note in function.notes:
        app.out.warn(note)
    app.out.note("Nothing was sent.")
