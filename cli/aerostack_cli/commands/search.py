"""``functions search``: find published functions."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples


@click.command(
    epilog=examples(
        "aerostack functions search resize image\n"
        "aerostack functions search --category media --sort stars"
    )
)
@click.argument("words", nargs=-1)
@click.option("--category", help="Only this category.")
@click.option("--tag", help="Only with this tag.")
@click.option("--author", help="Only by this account.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", "stars", "installs", "recent", "name"]),
    help="Default: relevance with WORDS, else recent.",
)
@click.option("--limit", type=click.IntRange(1, 100), default=20, help="Default: 20.")
@click.option("--cursor", help="Where an earlier list ended.")
@common_options
def search(app: App, words, **filters):
    """List published functions that match WORDS."""
    params = {name: value for name, value in filters.items() if value}
    if words:
        params["search"] = " ".join(words)
    with app.out.waiting(f"Searching {app.hub_url}"):
        answer = app.hub().search(params)
    found = answer["functions"]
    app.out.data({key: answer.get(key) for key in ("functions", "total", "next")})
    app.out.table(
        ["Function", "Version", "Stars", "Installs", "Description"],
        [
            [
                f"{item.get('author_username')}/{item.get('slug')}",
                item.get("version"),
                item.get("star_count"),
                item.get("clone_count"),
                item.get("description"),
            ]
            for item in found
        ],
    )
    if not found:
        app.out.note(f"Nothing found at {app.hub_url}.")
    elif cursor := answer.get("next"):
        app.out.note(f"More: add --cursor {cursor}")
