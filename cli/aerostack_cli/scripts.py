"""Names in several scripts."""

from __future__ import annotations

# Letters of the scripts Latin and Common, as ranges; what a range holds besides is no
# letter. Source: Unicode 14, Scripts.txt.
LATIN_OR_COMMON = """
    41-2EE 374 640 1CE9-1D25 1D2C-1D5C 1D62-1D65 1D6B-1D77 1D79-1DBE 1E00-1EFF 2071-2124
    2128-2184 2C60-2C7F 2E2F 3006-3035 303C 30FC A717-A7FF A9CF AB30-AB64 AB66-AB69
    FB00-FB06 FF21-FF5A FF70 FF9E-FF9F 10780-107BA 1D400-1DF1E
"""
_RANGES = [
    (int(first, 16), int(last or first, 16))
    for first, _, last in (part.partition("-") for part in LATIN_OR_COMMON.split())
]


def mixes_scripts(text: str) -> bool:
    """Whether ASCII letters stand in ``text`` with letters of a script other than Latin
    or Common. A slug drops those, so that one which looks like an ASCII letter would
    make another name of it. The Hub refuses such a name.

    >>> mixes_scripts("p\N{CYRILLIC SMALL LETTER A}ypal"), mixes_scripts("caf\xe9")
    (True, False)
    """
    letters = {char for char in text.lower() if char.isalpha()}
    return any(char.isascii() for char in letters) and not all(
        any(first <= ord(char) <= last for first, last in _RANGES) for char in letters
    )
