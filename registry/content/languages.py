"""The languages that source is shown in, by the names of files."""

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


def language_of(path: str) -> str:
    """The language to show a file in: one of LANGUAGES, or ``text``."""
    return known_language(PurePosixPath(path).suffix.removeprefix("."))


def known_language(name: str) -> str:
    """``ts`` -> ``typescript``; ``text`` for what is not highlighted."""
    name = ALIASES.get(name.lower(), name.lower())
    return name if name in LANGUAGES else "text"


def is_script(path: str) -> bool:
    """Is this a file that the inspection can parse?"""
    return PurePosixPath(path).suffix.lower() in SCRIPT_SUFFIXES
