"""The language of a source file, by its name."""

from pathlib import PurePosixPath

LANGUAGES = frozenset("typescript tsx javascript json markdown bash sql toml".split())
ALIASES = {
    **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "javascript"),
    **dict.fromkeys(("sh", "shell", "console", "zsh"), "bash"),
    **dict.fromkeys(("json5", "jsonc"), "json"),
    "md": "markdown",
}
SCRIPT_SUFFIXES = frozenset(".ts .mts .cts .tsx .js .mjs .cjs .jsx".split())
# Imported as text or data; nothing in them runs.
DATA_SUFFIXES = frozenset(
    ".json .jsonc .json5 .css .scss .sql .txt .md .html .svg .graphql .gql .toml .yaml"
    " .yml .csv .xml".split()
)


def language_of(path: str) -> str:
    """The language to highlight a file in: one of LANGUAGES, or ``text``."""
    return known_language(PurePosixPath(path).suffix.removeprefix("."))


def known_language(name: str) -> str:
    """The language of a suffix or name (``ts`` -> ``typescript``); ``text`` if
    unknown."""
    name = ALIASES.get(name.lower(), name.lower())
    return name if name in LANGUAGES else "text"


def is_script(path: str) -> bool:
    """Whether the inspection can parse the file."""
    return PurePosixPath(path).suffix.lower() in SCRIPT_SUFFIXES


def is_data(path: str) -> bool:
    """Whether the file holds text or data, by its name, which nobody runs."""
    return PurePosixPath(path).suffix.lower() in DATA_SUFFIXES
