"""How results spread over what they can be narrowed by."""

from collections import Counter

from accounts import replicas
from registry.search.engines import engine
from registry.search.places import function_at
from registry.search.query import FLAGS
from registry.search.text import licenses_in

TAGS_SHOWN = 12
MANY, OF_MANY = 1_000, 300
COLUMNS = ("category", "language", "runtime", "license")


def count(places: list[int]) -> dict[str, list[tuple[str, int]]]:
    """facet -> (value, how many of ``places`` have it), the most frequent first.

    Facets: category, language, runtime, license, tag, and the flags, whose only
    value is "yes". MANY places or more are a choice of the popular anyway: then only
    the first OF_MANY are counted.
    """
    counters = {name: Counter() for name in (*COLUMNS, *FLAGS, "tag")}
    counted = places if len(places) < MANY else places[:OF_MANY]
    ids = [function_at(place) for place in counted]
    for *values, found in _kinds(ids):
        for name, value in zip((*COLUMNS, *FLAGS), values, strict=True):
            parts = licenses_in(value)[1:] if name == "license" else [value]
            for part in dict.fromkeys(filter(None, parts)):
                counters[name]["yes" if name in FLAGS else part] += found
    counters["tag"].update(dict(_tags(ids)))
    return {name: _sorted(counter) for name, counter in counters.items()}


def _kinds(ids: list[int]) -> list[tuple]:
    """How many there are of each combination of values: few, of a thousand rows."""
    columns = ", ".join((*COLUMNS, *FLAGS))
    return _read(
        f"SELECT {columns}, count(*) FROM registry_searchdocument "
        f"WHERE function_id IN ({{ids}}) GROUP BY {columns}",
        ids,
    )


def _tags(ids: list[int]) -> list[tuple[str, int]]:
    return _read(
        "SELECT tag, count(*) FROM registry_functiontag WHERE function_id IN ({ids}) "
        f"GROUP BY tag ORDER BY count(*) DESC, tag LIMIT {TAGS_SHOWN}",
        ids,
    )


def _read(sql: str, ids: list[int]) -> list[tuple]:
    rows, value = engine().rows(ids)
    with replicas.connection().cursor() as cursor:
        cursor.execute(sql.format(ids=rows), [value])
        return cursor.fetchall()


def _sorted(counter: Counter) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
