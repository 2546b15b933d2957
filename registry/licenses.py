"""Check SPDX license expressions: known identifiers and few terms only."""

import difflib
import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.licenses._spdx import LICENSES

from registry import errors

MAX_TERMS = 5
MAX_LICENSE_CHARACTERS = 200
EXPRESSION = re.compile(r"[A-Za-z0-9.+() -]+\Z")
# SPDX deprecates these because they don't say "only" or "or later".
GNU = re.compile(r"((?:A|L)?GPL-\d\.\d)(\+?)\Z", re.IGNORECASE)
TAKES_EXCEPTION = re.compile(r"(?:[AL]?GPL-|Apache-2\.0\Z)")
IDENTIFIERS = sorted(
    entry["id"] for entry in LICENSES.values() if not entry["deprecated"]
)


def check_license(text: str) -> str:
    """``text`` in SPDX's spelling, with deprecated GNU identifiers replaced.

    Raises InvalidLicense. Source: SPDX 2.3, annex D.
    """
    if len(text) > MAX_LICENSE_CHARACTERS or not EXPRESSION.match(text):
        raise _invalid(text)
    words = re.findall(r"[()]|[^\s()]+", text)
    terms = [word for word in words if word.upper() not in _GRAMMAR]
    if len(terms) > MAX_TERMS or any(t.lower().startswith("licenseref") for t in terms):
        raise _invalid(text)
    try:
        expression = canonicalize_license_expression(" ".join(map(_current, words)))
    except InvalidLicenseExpression:
        raise _invalid(text) from None
    spoken = expression.replace("(", " ").replace(")", " ").split()
    _check_terms(spoken, text)
    return expression


_GRAMMAR = {"(", ")", "AND", "OR", "WITH"}


def _current(word: str) -> str:
    gnu = GNU.match(word)
    if not gnu:
        return word
    return gnu[1] + ("-or-later" if gnu[2] else "-only")


def _check_terms(spoken: list[str], text: str) -> None:
    for before, word in zip(["", *spoken], spoken, strict=False):
        if word.endswith("+"):
            raise _invalid(text)
        if word == "WITH" and not TAKES_EXCEPTION.match(before):
            raise _invalid(text)


def _invalid(text: str) -> errors.InvalidLicense:
    near = difflib.get_close_matches(text[:40], IDENTIFIERS, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    return errors.InvalidLicense(
        f"License {errors.shown(text)} is not an SPDX expression of at most "
        f"{MAX_TERMS} known licenses.{hint}",
        field="license",
    )
