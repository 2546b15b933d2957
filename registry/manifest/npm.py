"""Names and ranges of npm packages, by npm's own rules.

Sources: validate-npm-package-name (for packages that exist already: some have capital
letters, or the name of a module of Node), and the grammar in node-semver's README,
"Range Grammar". Addresses, files, git and aliases are left out: what a function needs
comes from the consumer's own registry (docs/manifest.md, "npmDependencies").
"""

import re

from registry.semver import MAX_COMPONENT

MAX_NAME_CHARACTERS = 214  # with its scope
MAX_RANGE_CHARACTERS = 60
NOT_A_NAME = frozenset(["node_modules", "favicon.ico"])

_NAME = r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*"
_NUMBER = r"(?:[xX*]|0|[1-9][0-9]{0,15})"
_BEFORE_RELEASE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD = r"[0-9A-Za-z-]+"
_PARTIAL = (
    rf"v?{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}"
    rf"(?:-{_BEFORE_RELEASE}(?:\.{_BEFORE_RELEASE})*)?"
    rf"(?:\+{_BUILD}(?:\.{_BUILD})*)?)?)?"
)
_SIMPLE = rf"(?:(?:[<>]=?|=|~>?|\^) *)?{_PARTIAL}"
_RANGE = rf"(?:{_PARTIAL} +- +{_PARTIAL}|{_SIMPLE}(?: +{_SIMPLE})*)"
_TAG = r"(?!v[0-9])[A-Za-z][0-9A-Za-z._-]*"  # such as latest
NAME = re.compile(rf"{_NAME}\Z")
SPEC = re.compile(rf"(?:{_RANGE}(?: *\|\| *{_RANGE})*|{_TAG})\Z")
# Of the schema for editors. The rest of the rules is in ``fault_of``.
DEPENDENCY = re.compile(
    rf"{_NAME}(?:@[0-9A-Za-z.^~<>=|*+ -]{{1,{MAX_RANGE_CHARACTERS}}})?\Z"
)


def fault_of(dependency: str) -> str:
    """What is wrong with ``name`` or ``name@range``, as the end of a sentence that
    begins with it; "" when npm would take it."""
    name, at, spec = _parts(dependency)
    if len(name) > MAX_NAME_CHARACTERS:
        return f"has a name of more than {MAX_NAME_CHARACTERS} characters"
    if not NAME.match(name) or name.rpartition("/")[2].lower() in NOT_A_NAME:
        return "is not an npm package name, or name@range"
    if at and not _is_spec(spec):
        return "has no range that npm reads, such as ^1.2, and no tag, after its name"
    return ""


def _parts(dependency: str) -> tuple[str, str, str]:
    """Name, "@" and range; a scope's own "@" is part of the name."""
    scope = dependency[:1]
    rest, at, spec = dependency[1:].partition("@")
    return scope + rest, at, spec


def _is_spec(spec: str) -> bool:
    if len(spec) > MAX_RANGE_CHARACTERS or not SPEC.match(spec):
        return False
    # Numbers of a version, not those of a tag or what comes before a release.
    digits = re.findall(r"[0-9]{16,}", spec)
    return all(int(number) <= MAX_COMPONENT for number in digits)
