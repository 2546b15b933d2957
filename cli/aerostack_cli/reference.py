"""Generate docs/cli.md and the man page from the command's help.

python -m aerostack_cli.reference markdown > docs/cli.md
python -m aerostack_cli.reference man > cli/man/aerostack.1
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from aerostack_cli import __version__
from aerostack_cli.commands.login import whoami
from aerostack_cli.errors import EXIT_STATUS_MEANINGS
from aerostack_cli.main import cli

ENVIRONMENT = {
    "AEROSTACK_API_URL": "The Hub's address, without /api. --hub wins over it; "
    "without either it is the Hub logged in to last, else https://hub.aerostack.dev.",
    "AEROSTACK_API_KEY": "The API key. Wins over the one that login has kept.",
    "AEROSTACK_ALLOW_HTTP": "Set to 1 to allow plain http to another machine.",
    "AEROSTACK_CONFIG_DIR": "The folder of credentials.json, instead of the user's "
    "configuration folder.",
    "NO_COLOR": "Set to anything to print without colours on a terminal too.",
}
FILES = {
    "aerostack.json": "What a function is; beside its source, or in the project's "
    "root.",
    ".aerostackignore": "Files that push leaves out, written like .gitignore.",
    "aerostack.toml": "The project that functions are installed into; install adds "
    "a [[services]] block for each.",
    "aerostack.lock": "For each installed function its Hub, author, version, "
    "integrity and the SHA-256 of every file. Keep it in version control.",
    ".aerostack-journal": "Stands only while a command writes to the project. One "
    "that was killed leaves it, and the next command undoes what was half done.",
    "credentials.json": "The keys that login has kept, one per Hub, readable by you "
    "alone.",
}
SUMMARY = "publish functions to an Aerostack Hub, and install other people's"


@dataclass
class Page:
    """The help of one command. blocks: its paragraphs."""

    name: str
    usage: str
    blocks: list[str]
    options: list[tuple[str, str]]
    examples: list[str]


def pages() -> Iterator[Page]:
    """Every command below ``aerostack``, in the order of its help."""
    yield from _pages(cli, "aerostack", None)


def _pages(command: click.Command, name: str, parent) -> Iterator[Page]:
    context = click.Context(command, parent=parent, help_option_names=["-h", "--help"])
    yield _page(command, name, context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            child = command.get_command(context, inner)
            yield from _pages(child, f"{name} {inner}", context)


def _page(command: click.Command, name: str, context: click.Context) -> Page:
    records = [param.get_help_record(context) for param in command.get_params(context)]
    shared = [names for names, _ in _shared()]
    help_blocks = _blocks(command.help)
    examples = [
        block for block in help_blocks + _blocks(command.epilog) if "\n  " in block
    ]
    return Page(
        name=name,
        usage=" ".join([name, *command.collect_usage_pieces(context)]),
        blocks=[" ".join(b.split()) for b in help_blocks if "\n  " not in b],
        options=[r for r in records if r and r[1] and r[0] not in shared],
        examples=[line.strip() for block in examples for line in block.split("\n")[1:]],
    )


def _shared() -> list[tuple[str, str]]:
    """The options that every command has."""
    context = click.Context(whoami, help_option_names=["-h", "--help"])
    records = [param.get_help_record(context) for param in whoami.get_params(context)]
    return [record for record in records if record]


def _blocks(text: str | None) -> list[str]:
    """The paragraphs of a help text, without click's no-rewrap marks."""
    import inspect

    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return [part.replace("\b\n", "").strip("\b\n") for part in paragraphs if part]


def markdown() -> str:
    """docs/cli.md."""
    parts = [
        "# The aerostack command\n",
        "<!-- Made from the command's help by cli/aerostack_cli/reference.py. -->\n",
        "Install it with `pipx install ./cli` (or `pip install ./cli`). It needs\n"
        "Python 3.10 or newer, and speaks HTTP to a Hub and nothing else.\n",
    ]
    for page in pages():
        parts += _markdown_page(page)
    parts += ["## Options of every command\n", _table("option", dict(_shared()))]
    statuses = {str(int(key)): text for key, text in EXIT_STATUS_MEANINGS.items()}
    parts += ["\n## Exit status\n", _table("status", statuses)]
    parts += ["\n## Environment\n", _table("variable", ENVIRONMENT)]
    parts += ["\n## Files\n", _table("file", FILES)]
    return "\n".join(parts) + "\n"


def _markdown_page(page: Page) -> list[str]:
    parts = [f"## {page.name}\n", f"```text\n{page.usage}\n```\n"]
    parts += [f"{_filled(_literal(block))}\n" for block in page.blocks]
    if page.options:
        parts += [_table("option", dict(page.options)), ""]
    if page.examples:
        parts += ["```sh", *page.examples, "```\n"]
    return parts


def _table(head: str, rows: dict[str, str]) -> str:
    bar = "\\|"  # a bare | would end the table cell
    lines = [
        f"| `{name.replace('|', bar)}` | {_literal(text)} |"
        for name, text in rows.items()
    ]
    return "\n".join([f"| {head} | meaning |\n| --- | --- |", *lines])


def _filled(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False)


def _literal(text: str) -> str:
    """``text`` with all Markdown except backquotes escaped."""
    for character in "<[*_|":
        text = text.replace(character, f"\\{character}")
    return text


def man() -> str:
    """cli/man/aerostack.1."""
    parts = [
        f'.TH AEROSTACK 1 "" "aerostack {__version__}" "Aerostack Hub"',
        f".SH NAME\naerostack \\- {_roff(SUMMARY)}",
        ".SH SYNOPSIS\n.B aerostack\n\\fICOMMAND\\fR [\\fIARGS\\fR]...",
        ".SH COMMANDS",
    ]
    for page in pages():
        parts += _man_page(page)
    statuses = {str(int(key)): text for key, text in EXIT_STATUS_MEANINGS.items()}
    for title, rows in (
        ("OPTIONS OF EVERY COMMAND", dict(_shared())),
        ("EXIT STATUS", statuses),
        ("ENVIRONMENT", ENVIRONMENT),
        ("FILES", FILES),
    ):
        parts += [f".SH {title}", *(_item(name, rows[name]) for name in rows)]
    return "\n".join(parts) + "\n"


def _man_page(page: Page) -> list[str]:
    parts = [f".SS {_roff(page.usage)}"]
    parts += [f".PP\n{_roff(block)}" for block in page.blocks]
    parts += [_item(names, text) for names, text in page.options]
    if page.examples:
        lines = "\n".join(_roff(line) for line in page.examples)
        parts.append(f".PP\n.nf\n{lines}\n.fi")
    return parts


def _item(name: str, text: str) -> str:
    return f".TP\n\\fB{_roff(name)}\\fR\n{_roff(text)}"


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


if __name__ == "__main__":
    sys.stdout.write({"markdown": markdown, "man": man}[sys.argv[1]]())
