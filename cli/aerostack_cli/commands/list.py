"""``functions list``: my functions, drafts included."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples


@click.command("list", epilog=examples("aerostack functions list"))
@common_options
def list_mine(app: App):
    """List your functions and drafts, with their ids."""
    with app.out.waiting(f"Asking {app.hub_url}"):
        functions = app.account_hub().mine()
    app.out.data({"functions": functions})
    keys = ("slug", "version", "status", "id", "updated_at")
    app.out.table(
        ["Function", "Version", "Status", "Id", "Updated"],
        [[str(item.get(key) or "") for key in keys] for item in functions],
    )
    if not functions:
        app.out.note("You have none yet. Try: aerostack functions init")
