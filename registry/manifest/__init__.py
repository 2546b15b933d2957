"""Read and check aerostack.json. No database.

Every fault is collected, not only the first. The table FIELDS drives the reader, the
JSON Schema and docs/manifest.md.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from registry import errors
from registry.manifest.fields import FIELDS, FROZEN, documentation, json_schema
from registry.manifest.readers import (
    KINDS,
    LANGUAGES,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TAGS,
    RUNTIMES,
    TAG,
    Faults,
    Field,
    has_invisible,
    kind_of,
)

__all__ = [
    "FIELDS",
    "FROZEN",
    "LANGUAGES",
    "MAX_DESCRIPTION_CHARACTERS",
    "MAX_NAME_CHARACTERS",
    "MAX_TAGS",
    "RUNTIMES",
    "TAG",
    "Faults",
    "Field",
    "Manifest",
    "documentation",
    "has_invisible",
    "is_missing",
    "json_schema",
]

NO_ALIASES: Mapping[str, str] = MappingProxyType({})
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True)
class Manifest:
    """A checked aerostack.json. values: every known key, with the order and types of
    FIELDS. extras: the other keys, as sent."""

    values: dict[str, Any]
    extras: dict[str, Any]
    warnings: list[str]

    @classmethod
    def parse(
        cls, raw: dict, *, categories: Collection[str], complete: bool = True
    ) -> "Manifest":
        """Read ``raw``, the object of an aerostack.json.

        categories: slugs of the active ones. complete: refuse missing required fields;
        drafts in the Admin may lack them.

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
        """As ``parse``, but return the faults, so that the caller can add its own.

        aliases: former category slugs that are accepted -> the current slug.
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
        """The object to store: known keys first, then the others as sent."""
        return {**self.values, **self.extras}


def is_missing(known: Field, value: Any) -> bool:
    """Whether ``value`` is None, or empty and of the field's type. So ``license: []``
    is not missing but wrong."""
    return value is None or (type(value) is known.type and not value)


def _read_field(known: Field, value: Any, faults: Faults) -> Any:
    if is_missing(known, value):
        return known.default if known.default is not None else known.type()
    if type(value) is known.type:
        return known.read(value, faults)
    if known.name != "category":  # has its own error code, see _refuse_category
        faults.add(
            f"{known.name} is {kind_of(value)}; use {KINDS[known.type]}.", known.name
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
