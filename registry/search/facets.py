"""Facets: how many results have each value of a filter."""

from collections import Counter

from registry.search.engines import engine
from registry.search.matching import FACET_COLUMNS, SAMPLED, Answer
from registry.search.query import FLAGS
from registry.search.text import licenses_in

MANY = 1_000
Facets = dict[str, list[tuple[str, int]]]


def of(answer: Answer) -> Facets:
    """The facets of an answer's sample."""
    if answer.kinds is None:
        return count(answer.sample)
    return spread(answer.kinds, answer.tags)


def count(rank_keys: list[int]) -> Facets:
    """The facets of the functions that have these rank keys. Of MANY or more, which are
    popular ones anyway, only the first SAMPLED are counted."""
    counted = rank_keys if len(rank_keys) < MANY else rank_keys[:SAMPLED]
    return spread(*engine().facets(counted))


def spread(kinds: list, tags: list) -> Facets:
    """facet -> (value, how many have it), the most frequent first.

    Facets: category, language, runtime, license, tag, and the flags, whose only
    value is "yes". kinds: each combination of values, and how many functions have it.
    tags: the most frequent, and how many functions have each.
    """
    *columns, found = (
        zip(*kinds, strict=True) if kinds else ((),) * (len(FACET_COLUMNS) + 1)
    )
    counted = {}
    for name, values in zip(FACET_COLUMNS, columns, strict=True):
        counter: Counter = Counter()
        for value, many in zip(values, found, strict=True):
            counter[value] += many
        counted[name] = _sorted(_named(name, counter))
    return counted | {"tag": _sorted(dict(tags))}


def _named(name: str, counter: Counter) -> Counter:
    """The values of a column as a facet names them; each part of a license counts."""
    if name in FLAGS:
        return Counter({"yes": counter[True]}) if counter[True] else Counter()
    if name != "license":
        return Counter({value: many for value, many in counter.items() if value})
    parts: Counter = Counter()
    for expression, many in counter.items():
        for part in dict.fromkeys(licenses_in(expression)[1:]):
            parts[part] += many
    return parts


def _sorted(counter: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
