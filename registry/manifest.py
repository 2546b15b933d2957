"""aerostack.json: what may stand in it, read and checked. Pure; no database.

Every fault is collected, not the first. One table, FIELDS, drives the reader, the
JSON Schema and docs/manifest.md.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from registry import errors, semver
from registry.licenses import check_license
from registry.paths import check_path

LANGUAGES = ("typescript", "javascript")
RUNTIMES = ("cloudflare-worker", "node", "bun", "deno", "any")
MAX_NAME_CHARACTERS = 120  # as typed; the slug has its own limit
MAX_DESCRIPTION_CHARACTERS = 300
MAX_TAGS = 10
MAX_ENTRIES = 100  # of npmDependencies and of envVars
MAX_DEPENDENCY_CHARACTERS = 260

TAG = re.compile(r"[a-z0-9][a-z0-9 .+#-]{0,29}\Z")
ENV_VAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,127}\Z")
ROUTE = re.compile(r"/(?:[A-Za-z0-9_.~:@%*-]+(?:/[A-Za-z0-9_.~:@%*-]+)*/?)?\Z")
DEPENDENCY = re.compile(
    r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*"
    r"(?:@[0-9A-Za-z.^~<>=|*+ -]{1,60})?\Z"
)
# A NUL as JSON writes it; after an escaped backslash, u0000 is just five characters.
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Set by a consumer's shell or runtime; a function that asks for one is suspect.
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

NO_ALIASES: Mapping[str, str] = MappingProxyType({})


@dataclass
class Faults:
    """What is wrong (``found``) and what is odd (``warnings``) so far."""

    found: list[errors.RegistryError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, message: str, at: str, kind=errors.ValidationError) -> None:
        self.found.append(kind(message, field=at))

    def check(self, rule: Callable, *args, **kwargs) -> Any:
        """``rule(...)``, or None with its refusal noted."""
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
    """Control, bidirectional or zero-width characters that a reader can't see."""
    return any(
        unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
        or c in "\u115f\u1160\u3164\uffa0\u034f"
        for c in text
    )


def _read_name(text: str, faults: Faults) -> str:
    text = text.strip()
    if len(text) > MAX_NAME_CHARACTERS or has_invisible(text):
        faults.add(
            f"The name {errors.shown(text)} is longer than {MAX_NAME_CHARACTERS} "
            "characters or holds invisible ones.",
            "name",
            errors.InvalidName,
        )
    return text


def _read_version(text: str, faults: Faults) -> str:
    faults.check(semver.parse, text)
    return text


def _read_description(text: str, faults: Faults) -> str:
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


def _read_category(text: str, faults: Faults) -> str:
    return text  # which ones exist is the database's; see Manifest.parse


def _one_of(name: str, values: tuple[str, ...]) -> Callable:
    def read(text: str, faults: Faults) -> str:
        if text not in values:
            faults.add(
                f"The {name} {errors.shown(text)} is not one of: {', '.join(values)}.",
                name,
            )
        return text

    return read


def _read_license(text: str, faults: Faults) -> str:
    expression = faults.check(check_license, text)
    if expression and expression.lower() != text.lower():
        faults.warnings.append(f"License {text} is recorded as {expression}.")
    return expression or text


def _read_entrypoint(text: str, faults: Faults) -> str:
    text = text.removeprefix("./")
    faults.check(check_path, text, field="entrypoint")
    return text


def _read_tag(tag: str, at: str, faults: Faults) -> str:
    tag = tag.strip().lower()
    if not TAG.match(tag):
        faults.add(
            f"The tag {errors.shown(tag)} is not 1 to 30 of a-z, 0-9, space and .+#-, "
            "starting with a letter or digit.",
            at,
        )
    return tag


def _read_dependency(text: str, at: str, faults: Faults) -> str:
    text = text.strip()
    if len(text) > MAX_DEPENDENCY_CHARACTERS or not DEPENDENCY.match(text):
        faults.add(
            f"The dependency {errors.shown(text)} is not an npm package name, or "
            "name@range.",
            at,
        )
    return text


def _read_env_var(name: str, at: str, faults: Faults) -> str:
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


def _list_of(name: str, most: int, read_item: Callable) -> Callable:
    def read(items: list, faults: Faults) -> list[str]:
        if len(items) > most:
            faults.add(f"{name} has {len(items)} entries; at most {most} fit.", name)
        read_items = []
        for index, item in enumerate(items[:most]):
            at = f"{name}[{index}]"
            if isinstance(item, str):
                read_items.append(read_item(item, at, faults))
            else:
                faults.add(f"{at} is {_kind(item)}; use text.", at)
        return list(dict.fromkeys(read_items))

    return read


def _read_route_path(text: str, faults: Faults) -> str:
    if len(text) > 200 or not ROUTE.match(text) or ".." in text:
        faults.add(
            f"The route {errors.shown(text)} does not start with one slash, or holds "
            "a query, '..' or a pattern.",
            "routePath",
        )
    return text


def _read_route_export(text: str, faults: Faults) -> str:
    if not IDENTIFIER.match(text) or text in NOT_AN_EXPORT:
        faults.add(
            f"The export {errors.shown(text)} is not an identifier that a module can "
            "export by name.",
            "routeExport",
        )
    return text


def _read_flag(value: bool, faults: Faults) -> bool:
    return value


def _text(**rules) -> dict:
    return {"type": "string", **rules}


def _texts(most: int, **rules) -> dict:
    return {"type": "array", "maxItems": most, "items": _text(**rules)}


def _ecma(pattern: re.Pattern) -> str:
    return "^" + pattern.pattern.removesuffix(r"\Z") + "$"


FIELDS = {
    f.name: f
    for f in [
        Field(
            "name",
            str,
            "The function's name. Lower-cased and hyphenated it is the slug in the "
            "Hub's address, 2 to 58 characters.",
            _read_name,
            _text(minLength=2, maxLength=MAX_NAME_CHARACTERS),
            required=True,
        ),
        Field(
            "version",
            str,
            "SemVer 2.0.0, at most 64 characters. Build metadata makes no new version.",
            _read_version,
            _text(maxLength=semver.MAX_VERSION_CHARACTERS),
            required=True,
            default="1.0.0",
        ),
        Field(
            "description",
            str,
            "One paragraph for search results, at most 300 characters. Publishing "
            "needs it.",
            _read_description,
            _text(maxLength=MAX_DESCRIPTION_CHARACTERS),
            required=True,
            default="",
        ),
        Field(
            "category",
            str,
            "One of the Hub's categories, in lower case.",
            _read_category,
            _text(),
            required=True,
            listing=True,
        ),
        Field(
            "language",
            str,
            "typescript or javascript.",
            _one_of("language", LANGUAGES),
            _text(enum=list(LANGUAGES)),
            required=True,
            default="typescript",
        ),
        Field(
            "runtime",
            str,
            "Where it runs: cloudflare-worker, node, bun, deno or any.",
            _one_of("runtime", RUNTIMES),
            _text(enum=list(RUNTIMES)),
            required=True,
            default="cloudflare-worker",
        ),
        Field(
            "license",
            str,
            "An SPDX expression. Without one the page says that none is stated.",
            _read_license,
            _text(maxLength=200),
            required=True,
            default="",
        ),
        Field(
            "entrypoint",
            str,
            "Relative path of the main source file, one of those sent.",
            _read_entrypoint,
            _text(maxLength=155),
            required=True,
            default="",
        ),
        Field(
            "tags",
            list,
            "Search keywords, at most 10; made lower-case.",
            _list_of("tags", MAX_TAGS, _read_tag),
            _texts(MAX_TAGS, maxLength=30),
            default=[],
            listing=True,
        ),
        Field(
            "routePath",
            str,
            "Default HTTP route once installed, such as /api/image-resize.",
            _read_route_path,
            _text(pattern=_ecma(ROUTE), maxLength=200),
            default="",
        ),
        Field(
            "routeExport",
            str,
            "The name under which the entrypoint or adapter exports its route.",
            _read_route_export,
            _text(pattern=_ecma(IDENTIFIER)),
            default="",
        ),
        Field(
            "npmDependencies",
            list,
            "npm packages the consumer installs: name or name@range.",
            _list_of("npmDependencies", MAX_ENTRIES, _read_dependency),
            _texts(MAX_ENTRIES, pattern=_ecma(DEPENDENCY)),
            default=[],
        ),
        Field(
            "envVars",
            list,
            "Environment variables and bindings the consumer sets.",
            _list_of("envVars", MAX_ENTRIES, _read_env_var),
            _texts(MAX_ENTRIES, pattern=_ecma(ENV_VAR)),
            default=[],
        ),
        Field(
            "drizzleSchema",
            bool,
            "true when schema.ts exports Drizzle tables.",
            _read_flag,
            {"type": "boolean"},
            default=False,
        ),
    ]
}
# What the author may change on a live function; it makes no other version.
FROZEN = tuple(name for name, known in FIELDS.items() if not known.listing)


@dataclass(frozen=True)
class Manifest:
    """A checked aerostack.json. ``values`` has every known key in FIELDS' order and
    type; ``extras`` the others, as sent."""

    values: dict[str, Any]
    extras: dict[str, Any]
    warnings: list[str]

    @classmethod
    def parse(
        cls, raw: dict, *, categories: Collection[str], complete: bool = True
    ) -> "Manifest":
        """Read ``raw``, the object of an aerostack.json.

        categories: slugs of the active ones. complete: are required fields required?
        Drafts in the Admin may lack them.

        Raises one RegistryError carrying every fault: ValidationError,
        InvalidCategory, InvalidVersion, InvalidName, InvalidPath, InvalidLicense.
        Source: docs/manifest.md.
        """
        manifest, faults = cls.read(raw, categories=categories, complete=complete)
        errors.refuse(faults.found)
        return manifest

    @classmethod
    def read(
        cls,
        raw: dict,
        *,
        categories: Collection[str],
        aliases: Mapping[str, str] = NO_ALIASES,
        complete: bool = True,
    ) -> tuple["Manifest", Faults]:
        """As ``parse``, but hand the faults back for the caller to add its own.

        aliases: further categories that are accepted -> the one each stands for.
        """
        faults = Faults()
        values = {
            name: _read_field(known, raw.get(name), faults)
            for name, known in FIELDS.items()
        }
        _follow_alias(values, aliases, faults)
        allowed = [*categories, *aliases.values()]
        if values["category"] not in allowed:
            _refuse_category(raw, categories, complete, faults)
        if complete:
            wrong = {fault.field for fault in faults.found}
            for name in ("name", "description", "entrypoint"):
                if not values[name] and name not in wrong:
                    faults.add(
                        f"aerostack.json has no {name}.",
                        name,
                        errors.InvalidName
                        if name == "name"
                        else errors.ValidationError,
                    )
        extras = {key: value for key, value in raw.items() if key not in FIELDS}
        if ESCAPED_NUL.search(json.dumps(extras)):
            faults.add("aerostack.json holds a NUL character.", "config_schema")
        return cls(values, extras, faults.warnings), faults

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def as_json(self) -> dict:
        """The object to keep: known keys first, then the rest as sent."""
        return {**self.values, **self.extras}


def is_missing(known: Field, value: Any) -> bool:
    """None, or empty *and of the field's own type*: ``license: []`` is no licence
    left out but a wrong one."""
    return value is None or (type(value) is known.type and not value)


def _read_field(known: Field, value: Any, faults: Faults) -> Any:
    if is_missing(known, value):
        return known.default if known.default is not None else known.type()
    if type(value) is known.type:
        return known.read(value, faults)
    if known.name != "category":  # has a code of its own; see _check_category
        faults.add(
            f"{known.name} is {_kind(value)}; use {_KINDS[known.type]}.", known.name
        )
    return known.type()


def _follow_alias(values: dict, aliases: Mapping[str, str], faults: Faults) -> None:
    sent = values["category"]
    values["category"] = aliases.get(sent, sent)
    if values["category"] != sent:
        faults.warnings.append(
            f"The category '{sent}' is called '{values['category']}' by now; it was "
            "taken for that."
        )


def _refuse_category(raw, categories, complete, faults: Faults) -> None:
    sent = raw.get("category")
    if not complete and sent in (None, ""):
        return
    what = "aerostack.json has no category. Use one of"
    if sent is not None:
        what = f"Category {errors.shown(sent)} is not one of"
    faults.add(f"{what}: {', '.join(categories)}.", "category", errors.InvalidCategory)


_KINDS = {str: "text", list: "a list", bool: "true or false", dict: "an object"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null" if value is None else "a number")


def json_schema(categories: Collection[str], schema_id: str = "") -> dict:
    """aerostack.json as JSON Schema 2020-12, for editors and the API's document."""
    properties = {
        name: {**known.schema, "description": known.about}
        for name, known in FIELDS.items()
    }
    properties["category"]["enum"] = list(categories)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if schema_id:
        head["$id"] = schema_id
    return head | {
        "title": "aerostack.json",
        "type": "object",
        "required": [
            f.name for f in FIELDS.values() if f.required and f.default is None
        ],
        "properties": properties,
    }


def documentation() -> str:
    """The table of docs/manifest.md."""
    rows = ["| field | type | required | what |", "|---|---|---|---|"]
    kinds = {str: "string", list: "string[]", bool: "boolean"}
    for known in FIELDS.values():
        required = "yes" if known.required else "no"
        if known.default:
            required += f" (push: `{known.default}`)"
        rows.append(
            f"| `{known.name}` | {kinds[known.type]} | {required} | {known.about} |"
        )
    return "\n".join(rows)
