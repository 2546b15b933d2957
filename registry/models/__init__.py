"""The nouns of the registry and their queries. Rows are written by the verb modules."""

from registry.models.functions import (
    Category,
    Function,
    FunctionTag,
    NameClaim,
    Redirect,
)
from registry.models.listings import ListingRevision, Screenshot, UsageExample
from registry.models.versions import (
    Blob,
    Deprecation,
    Draft,
    Inspection,
    Removal,
    Rendering,
    SecretWaiver,
    Version,
    VersionFile,
    Yank,
)

__all__ = [
    "Blob",
    "Category",
    "Deprecation",
    "Draft",
    "Function",
    "FunctionTag",
    "Inspection",
    "ListingRevision",
    "NameClaim",
    "Redirect",
    "Removal",
    "Rendering",
    "Screenshot",
    "SecretWaiver",
    "UsageExample",
    "Version",
    "VersionFile",
    "Yank",
]
