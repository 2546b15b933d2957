"""How results spread over what they can be narrowed by."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count

from registry.models import FunctionTag, SearchDocument
from registry.search.places import function_at
from registry.search.text import licenses_in

TAGS_SHOWN = 12
COLUMNS = ("category", "language", "runtime")
FLAGS = ("no_dependencies", "no_network", "has_tables")


def count(places: Iterable[int]) -> dict[str, list[tuple[str, int]]]:
    """facet -> (value, how many of ``places`` have it), the most frequent first.

    Facets: category, language, runtime, license, tag, and the flags, whose only
    value is "yes". Two queries.
    """
    ids = [function_at(place) for place in places]
    counters = {name: Counter() for name in (*COLUMNS, "license", *FLAGS)}
    rows = SearchDocument.objects.filter(pk__in=ids)
    for license, *values in rows.values_list("license", *COLUMNS, *FLAGS):
        counters["license"].update(set(licenses_in(license)[1:]))
        for name, value in zip((*COLUMNS, *FLAGS), values, strict=True):
            if value:
                counters[name]["yes" if value is True else value] += 1
    tags = FunctionTag.objects.filter(function__in=ids).values_list("tag")
    tags = tags.annotate(found=Count("pk")).order_by("-found", "tag")[:TAGS_SHOWN]
    counted = {name: _sorted(counter) for name, counter in counters.items()}
    return counted | {"tag": list(tags)}


def _sorted(counter: Counter) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
