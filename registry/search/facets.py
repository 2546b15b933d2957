"""How results spread over what they can be narrowed by."""

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


def count(places: list[int]) -> Facets:
    """The facets of the functions at these places. MANY or more are a choice of the
    popular anyway: then only the first SAMPLED are counted."""
    counted = places if len(places) < MANY else places[:SAMPLED]
    return spread(*engine().facets(counted))


def spread(kinds: list, tags: list) -> Facets:
    """facet -> (value, how many have it), the most frequent first.

    Facets: category, language, runtime, license, tag, and the flags, whose only
    value is "yes". kinds: each combination of values that there is and how many have
    it (few, of a thousand functions). tags: the most frequent, with how many.
    """
    counters = {name: Counter() for name in (*FACET_COLUMNS, "tag")}
    for *values, found in kinds:
        for name, value in zip(FACET_COLUMNS, values, strict=True):
            parts = licenses_in(value)[1:] if name == "license" else [value]
            for part in dict.fromkeys(filter(None, parts)):
                counters[name]["yes" if name in FLAGS else part] += found
    counters["tag"].update(dict(tags))
    return {name: _sorted(counter) for name, counter in counters.items()}


def _sorted(counter: Counter) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
