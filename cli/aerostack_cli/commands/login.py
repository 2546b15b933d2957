"""``login``, ``logout`` and ``whoami``: which key is used with which Hub."""

from __future__ import annotations

import sys

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.config import environment_key
from aerostack_cli.errors import CliError

MAX_KEY_CHARS = 500


@click.command(
    epilog=examples(
        "aerostack login\n"
        "aerostack login --hub https://hub.example.org\n"
        "cat key.txt | aerostack login --key-stdin"
    )
)
@click.option("--key-stdin", is_flag=True, help="Read the key from standard input.")
@common_options
def login(app: App, key_stdin):
    """Check an API key with the Hub and keep it for later commands.

    The key is asked for without showing it. AEROSTACK_API_KEY is taken instead
    where it is set; without a terminal the key is read from standard input. It is
    kept in a file that only you can read, one key per Hub.
    """
    hub_url = app.hub_url
    key = _read_key(key_stdin)
    if not key:
        raise CliError(
            "No key was given.",
            code="UNAUTHORIZED",
            fix=f"Make an account key at {hub_url}/account/keys, then log in again.",
        )
    with app.out.waiting(f"Asking {hub_url}"):
        identity = app.account_hub(key).identity()
    app.credentials.remember(hub_url, key)
    _show(app, identity, "Logged in")
    if identity.get("keyType") == "project":
        app.out.warn("a project key can install, never publish; use an account key.")


@click.command()
@common_options
def logout(app: App):
    """Forget the key of the Hub."""
    forgotten = app.credentials.forget(app.hub_url)
    app.out.data({"hub": app.hub_url, "forgotten": forgotten})
    app.out.line(
        f"Logged out of {app.hub_url}."
        if forgotten
        else f"You were not logged in to {app.hub_url}."
    )
    if environment_key():
        app.out.warn("AEROSTACK_API_KEY is set and still logs you in.")


@click.command()
@common_options
def whoami(app: App):
    """Show whose key is used, and at which Hub."""
    with app.out.waiting(f"Asking {app.hub_url}"):
        identity = app.account_hub().identity()
    _show(app, identity, "You are logged in")


def _read_key(key_stdin: bool) -> str:
    if not key_stdin and (key := environment_key()):
        return key
    if key_stdin or not sys.stdin.isatty():
        return sys.stdin.readline(MAX_KEY_CHARS).strip()
    return click.prompt("Enter your API key", hide_input=True, err=True).strip()


def _show(app: App, identity: dict, done: str) -> None:
    kind = "project" if identity.get("keyType") == "project" else "account"
    who = identity.get("projectName" if kind == "project" else "username") or "?"
    app.out.data({**identity, "hub": app.hub_url})
    app.out.line(f"{done} to {app.hub_url} as {who} ({kind} key).")
