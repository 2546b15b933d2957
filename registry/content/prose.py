"""README Markdown -> its prose, of which search cuts excerpts (runs in the worker).

Linear in the text, whatever it is: no part of a pattern can begin again within what it
matches. So it may run in a request too, for a README that has no prose stored yet.
"""

import re

MAX_READ_CHARACTERS = 50_000
MAX_LINE_CHARACTERS = 2_000
MAX_PROSE_CHARACTERS = 8_000

_FENCES = ("```", "~~~")
# [text](address), [text][name] or an image -> text.
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,200})\](?:\([^()\n]{0,400}\)|\[[^\[\]\n]{0,100}\])"
)
_DEFINITION = re.compile(r"\[[^\[\]\n]{1,200}\]:")  # of such a name
# Of headings, quotations and lists; a line begins with one or some.
_LINE_MARKS = re.compile(r"(?:(?:[-+*]|\d{1,9}[.)]|#{1,6}|>)(?:\s+|$))+")
# An underscore within a word is a letter of a name.
_MARKS = re.compile(r"[`*~]+|(?<![^\W_])_+|_+(?![^\W_])|</?[A-Za-z!][^<>\n]{0,200}>")
_NOISY = re.compile(r"[\[`*~_|<]")  # what _LINK and _MARKS need


def prose_of(readme: str) -> str:
    """The lines of text of a README without their Markdown: no code blocks, no
    addresses, no marks. Rows of tables come last.

    What stands after MAX_READ_CHARACTERS is not read, and no more is returned than
    MAX_PROSE_CHARACTERS.
    """
    text, tables = [], []
    for line in _outside_of_code(readme[:MAX_READ_CHARACTERS]):
        is_row = line.startswith("|")
        line = _without_marks(line)
        if any(map(str.isalnum, line)):
            (tables if is_row else text).append(line)
    return "\n".join(text + tables)[:MAX_PROSE_CHARACTERS]


def _outside_of_code(readme: str):
    fence = ""
    for line in readme.splitlines():
        line = line[:MAX_LINE_CHARACTERS].strip()
        mark = line[:3]
        if mark in _FENCES and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence and not _DEFINITION.match(line):
            yield line


def _without_marks(line: str) -> str:
    if marks := _LINE_MARKS.match(line):
        line = line[marks.end() :]
    if not _NOISY.search(line):
        return line
    line = _LINK.sub(r"\1", _LINK.sub(r"\1", line))  # an image may be a link's text
    return " ".join(_MARKS.sub("", line).replace("|", " ").split())
