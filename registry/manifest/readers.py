"""A reader for each key of aerostack.json: checks a value and returns it cleaned."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from registry import errors, semver
from registry.licenses import check_license
from registry.manifest import npm
from registry.paths import check_path

LANGUAGES = ("typescript", "javascript")
RUNTIMES = ("cloudflare-worker", "node", "bun", "deno", "any")
MAX_NAME_CHARACTERS = 120  # as typed; the slug has its own limit
MAX_DESCRIPTION_CHARACTERS = 300
MAX_TAGS = 10
MAX_ENTRIES = 100  # of npmDependencies and of envVars

TAG = re.compile(r"[a-z0-9][a-z0-9 .+#-]{0,29}\Z")
ENV_VAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,127}\Z")
ROUTE = re.compile(r"/(?:[A-Za-z0-9_.~:@%*-]+(?:/[A-Za-z0-9_.~:@%*-]+)*/?)?\Z")
# Set by a consumer's shell or runtime; a function that needs one is suspect.
DANGEROUS_ENV_VARS = frozenset(
    "PATH HOME SHELL NODE_OPTIONS NODE_PATH LD_PRELOAD LD_LIBRARY_PATH "
    "DYLD_INSERT_LIBRARIES BASH_ENV ENV IFS PYTHONPATH".split()
)
# ECMAScript 2025, 12.7.2, and the names every object already has.
NOT_AN_EXPORT = frozenset(
    "await break case catch class const continue debugger default delete do else enum "
    "export extends false finally for function if import in instanceof new null return "
    "super switch this throw true try typeof var void while with yield let static "
    "implements interface package private protected public arguments eval "
    "constructor prototype __proto__ undefined NaN Infinity".split()
)


@dataclass
class Faults:
    """Errors (``found``) and warnings collected so far."""

    found: list[errors.RegistryError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, message: str, at: str, kind=errors.ValidationError) -> None:
        self.found.append(kind(message, field=at))

    def check(self, rule: Callable, *args, **kwargs) -> Any:
        """The result of ``rule(...)``; None, with the error collected, if it raises."""
        try:
            return rule(*args, **kwargs)
        except errors.RegistryError as error:
            self.found.append(error)
            return None


@dataclass(frozen=True)
class Field:
    """One key of aerostack.json. ``listing`` fields stay editable after publishing."""

    name: str
    type: type
    about: str
    read: Callable[[Any, Faults], Any]
    schema: dict
    required: bool = False
    default: Any = None
    listing: bool = False


def has_invisible(text: str) -> bool:
    """Whether ``text`` has control, bidirectional or zero-width characters."""
    return any(
        unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
        or c in "\u115f\u1160\u3164\uffa0\u034f"
        for c in text
    )


def read_name(text: str, faults: Faults) -> str:
    text = text.strip()
    if len(text) > MAX_NAME_CHARACTERS or has_invisible(text):
        faults.add(
            f"The name {errors.shown(text)} is longer than {MAX_NAME_CHARACTERS} "
            "characters or holds invisible ones.",
            "name",
            errors.InvalidName,
        )
    return text


def read_version(text: str, faults: Faults) -> str:
    faults.check(semver.parse, text)
    return text


def read_description(text: str, faults: Faults) -> str:
    text = text.strip()
    if len(text) > MAX_DESCRIPTION_CHARACTERS:
        faults.add(
            f"The description has {len(text)} characters; at most "
            f"{MAX_DESCRIPTION_CHARACTERS} fit.",
            "description",
        )
    elif has_invisible(text.replace("\n", " ")) or "\n\n" in text:
        faults.add(
            "The description is one paragraph without invisible characters.",
            "description",
        )
    return text


def read_category(text: str, faults: Faults) -> str:
    return text  # Manifest.parse checks it against the active categories


def one_of(name: str, values: tuple[str, ...]) -> Callable:
    def read(text: str, faults: Faults) -> str:
        if text not in values:
            faults.add(
                f"The {name} {errors.shown(text)} is not one of: {', '.join(values)}.",
                name,
            )
        return text

    return read


def read_license(text: str, faults: Faults) -> str:
    expression = faults.check(check_license, text)
    if expression and expression.lower() != text.lower():
        faults.warnings.append(f"License {text} is recorded as {expression}.")
    return expression or text


def read_entrypoint(text: str, faults: Faults) -> str:
    text = text.removeprefix("./")
    faults.check(check_path, text, field="entrypoint")
    return text


def read_tag(tag: str, at: str, faults: Faults) -> str:
    tag = tag.strip().lower()
    if not TAG.match(tag):
        faults.add(
            f"The tag {errors.shown(tag)} is not 1 to 30 of a-z, 0-9, space and .+#-, "
            "starting with a letter or digit.",
            at,
        )
    return tag


def read_dependency(text: str, at: str, faults: Faults) -> str:
    text = text.strip()
    if fault := npm.fault_of(text):
        faults.add(f"The dependency {errors.shown(text)} {fault}.", at)
    return text


def read_env_var(name: str, at: str, faults: Faults) -> str:
    if not ENV_VAR.match(name) or name == "__proto__":
        faults.add(
            f"The variable {errors.shown(name)} is not 1 to 64 letters, digits and "
            "underscores, starting with no digit.",
            at,
        )
    elif name.upper() in DANGEROUS_ENV_VARS:
        faults.warnings.append(
            f"{name} is a variable of the consumer's own system; readers are warned."
        )
    return name


def list_of(name: str, most: int, read_item: Callable) -> Callable:
    def read(items: list, faults: Faults) -> list[str]:
        if len(items) > most:
            faults.add(f"{name} has {len(items)} entries; at most {most} fit.", name)
        read_items = []
        for index, item in enumerate(items[:most]):
            at = f"{name}[{index}]"
            if isinstance(item, str):
                read_items.append(read_item(item, at, faults))
            else:
                faults.add(f"{at} is {kind_of(item)}; use text.", at)
        return list(dict.fromkeys(read_items))

    return read


def read_route_path(text: str, faults: Faults) -> str:
    if len(text) > 200 or not ROUTE.match(text) or ".." in text:
        faults.add(
            f"The route {errors.shown(text)} does not start with one slash, or holds "
            "a query, '..' or a pattern.",
            "routePath",
        )
    return text


def read_route_export(text: str, faults: Faults) -> str:
    if not IDENTIFIER.match(text) or text in NOT_AN_EXPORT:
        faults.add(
            f"The export {errors.shown(text)} is not an identifier that a module can "
            "export by name.",
            "routeExport",
        )
    return text


def read_flag(value: bool, faults: Faults) -> bool:
    return value


KINDS = {str: "text", list: "a list", bool: "true or false", dict: "an object"}


def kind_of(value: Any) -> str:
    return KINDS.get(type(value), "null" if value is None else "a number")
