"""Asking the full-text indexes: one class per database, the same few questions.

An answer is a list of places (places.py), which are both the order and the functions.
Every question is bounded, whatever is asked and however many functions there are.
"""

from django.db import connection

from registry.search.postgresql import Postgresql
from registry.search.sqlite import Sqlite

_ENGINES = {"sqlite": Sqlite(), "postgresql": Postgresql()}


def engine() -> Sqlite | Postgresql:
    """The one that fits the database in use."""
    return _ENGINES[connection.vendor]
