"""``completion``: completion scripts for shells."""

from __future__ import annotations

import click

from aerostack_cli.app import examples


@click.command(
    epilog=examples(
        'eval "$(aerostack completion bash)"      # in ~/.bashrc\n'
        'eval "$(aerostack completion zsh)"       # in ~/.zshrc\n'
        "aerostack completion fish > ~/.config/fish/completions/aerostack.fish"
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context, shell):
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    root = context.find_root().command
    complete = get_completion_class(shell)(root, {}, "aerostack", "_AEROSTACK_COMPLETE")
    click.echo(complete.source())
