"""Characters that deceive a reader: invisible ones, and those that reorder text.

The list is Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), plus
control characters and line separators. Category Cf would not do: it lacks the Hangul
fillers, which are letters and valid in identifiers. See "Trojan Source",
CVE-2021-42574.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator

# These reorder text, so that code reads differently from how it runs.
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
IGNORABLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065"
    "\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"
BIDI_RE = re.compile(f"[{BIDI}]")
INVISIBLE_RE = re.compile(f"[{BIDI}{IGNORABLE}{CONTROL}]")

# Emoji and several scripts need joiners and variation selectors.
JOINERS = "\u200c\u200d"
SELECTORS = "\ufe0e\ufe0f"
ZWJ = "\u200d"
MAX_MARKS = 2000  # beyond it, marks are plain text to keep the HTML small


def find_invisible(text: str) -> Iterator[re.Match]:
    """A match per deceiving character, in order. Emoji don't count."""
    for match in INVISIBLE_RE.finditer(text):
        if not _is_at_home(text, match.start()):
            yield match


def name_of(character: str) -> str:
    """Such as ``U+202E RIGHT-TO-LEFT OVERRIDE``; only the code if it has no name."""
    code = f"U+{ord(character):04X}"
    return f"{code} {unicodedata.name(character, '')}".strip()


def marker(text: str) -> Callable[[str], str]:
    """A function that makes deceiving characters in pieces of ``text`` visible.

    It takes and returns HTML text without tags.
    """
    count = 0
    for count, _ in enumerate(find_invisible(text), 1):  # noqa: B007
        if count > MAX_MARKS:
            return functools.partial(INVISIBLE_RE.sub, lambda m: f"[U+{ord(m[0]):04X}]")
    return show_invisible if count else str


def show_invisible(html: str) -> str:
    """``html``, text without tags, with a visible mark for each deceiving character."""
    parts, end = [], 0
    for match in find_invisible(html):
        name = name_of(match[0])
        parts.append(html[end : match.start()])
        code = name.split()[0]
        parts.append(f'<span class="invisible" title="{name}">{code}</span>')
        end = match.end()
    return "".join(parts) + html[end:]


def _is_at_home(text: str, index: int) -> bool:
    character, before = text[index], text[index - 1 : index]
    if not before:
        return False
    if character in SELECTORS:
        return unicodedata.category(before) in ("So", "Sm", "Po", "Nd")
    if character not in JOINERS:
        return False
    after = text[index + 1 : index + 2]
    if character == ZWJ and _is_pictograph(before) and _is_pictograph(after):
        return True
    return _needs_joiners(before) and _needs_joiners(after)


def _is_pictograph(character: str) -> bool:
    return character == "\ufe0f" or unicodedata.category(character or " ") in (
        "So",  # pictographs
        "Sk",  # skin tones
    )


def _needs_joiners(character: str) -> bool:
    """Whether it is of a script that needs joiners for spelling (Arabic, Indic ...)."""
    return "\u0600" <= character <= "\u109f"
