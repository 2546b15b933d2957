"""Search: words and filters -> functions, on SQLite and on PostgreSQL.

``find`` and ``suggest`` read, ``index`` and ``rebuild`` write. docs/search.md says
what is found in which order, and what it costs.
"""

from registry.search.code import Line
from registry.search.documents import index, recategorize, reorder
from registry.search.filling import rebuild
from registry.search.finding import (
    COUNTED_AT_MOST,
    MAX_DEPTH,
    Found,
    find,
    suggest,
)
from registry.search.marking import excerpt, excerpts, marked
from registry.search.query import FILTERS, FLAGS, parse

__all__ = [
    "COUNTED_AT_MOST",
    "FILTERS",
    "FLAGS",
    "MAX_DEPTH",
    "Found",
    "Line",
    "excerpt",
    "excerpts",
    "find",
    "index",
    "marked",
    "parse",
    "rebuild",
    "recategorize",
    "reorder",
    "suggest",
]
