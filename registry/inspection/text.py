"""Findings that need no parser. Linear time; safe in any process."""

import re
from collections.abc import Iterator

from registry.content.invisible import BIDI_RE, find_invisible, name_of
from registry.inspection.rules import Place, finding
from registry.secrets import RULES as SECRET_RULES
from registry.secrets import find_secrets

MAX_PER_FILE = 50  # findings of one kind in one file

NOTHING = re.compile(
    r"[\s;\ufeff]+"  # white space and empty statements
    r"|//[^\n\r\u2028\u2029]*"
    r"|/\*.*?(?:\*/|\Z)",
    re.DOTALL,
)
SHEBANG = re.compile(r"\ufeff?#![^\n\r\u2028\u2029]*")
SCRIPTS = ("typescript", "tsx", "javascript")


def has_code(text: str, language: str) -> bool:
    """Whether ``text`` has more than white space, comments and empty statements.

    language: of rendering.language_of, or a manifest's; other than TypeScript and
        JavaScript have no comments here. A shebang line is no code. Linear.
    """
    if language not in SCRIPTS:
        return bool(text.strip("\ufeff \t\r\n\v\f"))
    start = SHEBANG.match(text)
    position = start.end() if start else 0
    while skipped := NOTHING.match(text, position):
        position = skipped.end()
    return position < len(text)


def text_findings(files: dict[str, str]) -> list[dict]:
    """Findings on credentials, invisible characters, line ends and byte order marks."""
    findings = []
    for path, text in files.items():
        findings += _characters(path, text)
        findings += _line_ends(path, text)
    for secret in find_secrets(files):
        end = secret.column + len(secret.value.split("\n")[0])
        place = Place(secret.path, secret.line, secret.column, secret.line, end)
        message = f"This looks like {SECRET_RULES[secret.rule].title}: {secret.masked}."
        findings.append(finding("credential", message, place))
    return findings


def place_at(path: str, text: str, start: int, length: int = 1) -> Place:
    """The place of ``text[start : start + length]``, which must be within one line."""
    line = text.count("\n", 0, start) + 1
    before = text[text.rfind("\n", 0, start) + 1 : start]
    column = utf16_length(before) + 1
    end = column + utf16_length(text[start : start + length])
    return Place(path, line, column, line, end)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which is how editors count columns."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _characters(path: str, text: str) -> Iterator[dict]:
    if text.startswith("\ufeff"):
        message = f"{path} begins with a byte order mark."
        yield finding("byte-order-mark", message, Place(path, end_column=2))
    found = 0
    for match in find_invisible(text):
        if match.start() == 0 and match[0] == "\ufeff":
            continue
        rule = "bidirectional-text" if BIDI_RE.match(match[0]) else None
        place = place_at(path, text, match.start())
        message = f"{name_of(match[0])} cannot be seen."
        if rule:
            message = f"{name_of(match[0])} changes the direction of the text."
        yield finding(rule or "invisible-character", message, place)
        found += 1
        if found == MAX_PER_FILE:
            return


def _line_ends(path: str, text: str) -> Iterator[dict]:
    windows = text.count("\r\n")
    counts = {
        "CR LF": windows,
        "LF": text.count("\n") - windows,
        "CR": text.count("\r") - windows,
    }
    kinds = [f"{count} {name}" for name, count in counts.items() if count]
    if len(kinds) > 1:
        message = f"{path} has mixed line ends: {', '.join(kinds)}."
        yield finding("mixed-line-ends", message, Place(path))
