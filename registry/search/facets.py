"""How results spread over what they can be narrowed by."""

from collections import Counter
from collections.abc import Iterable

from accounts import replicas
from registry.search.engines import engine
from registry.search.places import function_at
from registry.search.query import FLAGS
from registry.search.text import licenses_in

TAGS_SHOWN = 12
COLUMNS = ("category", "language", "runtime", "license")


def count(places: Iterable[int]) -> dict[str, list[tuple[str, int]]]:
    """facet -> (value, how many of ``places`` have it), the most frequent first.

    Facets: category, language, runtime, license, tag, and the flags, whose only
    value is "yes". One query.
    """
    counters = {name: Counter() for name in (*COLUMNS, *FLAGS, "tag")}
    for name, value, found in _counted([function_at(place) for place in places]):
        values = licenses_in(value)[1:] if name == "license" else [value]
        for each in dict.fromkeys(filter(None, values)):
            counters[name][each] += found
    return {name: _sorted(counter) for name, counter in counters.items()}


def _counted(ids: list[int]) -> list[tuple[str, str, int]]:
    rows, value = engine().rows(ids)
    columns = [
        f"SELECT '{name}', {name}, count(*) FROM found GROUP BY {name}"
        for name in COLUMNS
    ]
    flags = [
        f"SELECT '{name}', 'yes', count(*) FROM found WHERE {name}" for name in FLAGS
    ]
    tags = (
        "SELECT 'tag', tag, found FROM (SELECT tag, count(*) AS found "
        "FROM registry_functiontag JOIN wanted ON function_id = pk GROUP BY tag "
        f"ORDER BY count(*) DESC, tag LIMIT {TAGS_SHOWN}) AS tags"
    )
    sql = (
        f"WITH wanted(pk) AS MATERIALIZED ({rows}), found AS MATERIALIZED "
        f"(SELECT {', '.join((*COLUMNS, *FLAGS))} FROM registry_searchdocument "
        "JOIN wanted ON function_id = pk) "
    ) + " UNION ALL ".join([*columns, *flags, tags])
    with replicas.connection().cursor() as cursor:
        cursor.execute(sql, [value])
        return [row for row in cursor.fetchall() if row[2]]


def _sorted(counter: Counter) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
