"""How long a search takes in the database alone: the sum of its statements.

    python -m bench.searching [ROUNDS]

It prints JSON for the seeded database that the environment names.
"""

import json
import os
import random
import sys
import time
from contextlib import ExitStack

ROUNDS = 20


def measure(
    queries: dict[str, list[dict]], rounds: int = ROUNDS
) -> dict[str, dict[str, float]]:
    """Ask each query once unmeasured, and then ``rounds`` times, by one client.

    queries: arguments of search.find, by the kind of search.

    Returns by kind "p50" and "p99", the milliseconds of a search in the database, and
    "statements", the most that one search took. SQLite works within our own process
    while its rows are read, so there the times are those of all of search.find.
    """
    return {kind: _measure(each, rounds) for kind, each in queries.items()}


def kinds(many: int = 10) -> dict[str, list[dict]]:
    """Queries over what bench.seeding wrote, ``many`` of a kind where they can vary."""
    from bench.words import COMMON, RARE, Words

    words = Words(11).vocabulary
    picked = random.Random(3)
    frequent, seldom = words[:60], words[60:3_000]

    def some(pool, count=1):
        return [" ".join(picked.sample(pool, count)) for _ in range(many)]

    texts = {
        "exact name": [name.replace("-", " ") for name in _names(many)],
        "rare word": [RARE],
        "word in 20 %": [COMMON],
        "two words": [
            " ".join(pair) for pair in zip(some(frequent), some(seldom), strict=True)
        ],
        "two common words": some(frequent, 2),
        "beginning of a word": [COMMON[:4], *(word[:3] for word in some(frequent))],
        "one letter": ["b", "c", "m"],
        "typo": [f"{w[:2]}{w[3:]}" for w in some([w for w in frequent if len(w) > 5])],
        "nonsense": ["zzxqwv", "qqqqq wwwww"],
    }
    found = {kind: _by_relevance(each) for kind, each in texts.items()}
    found["with a category"] = _by_relevance(
        [COMMON, *some(frequent)], category="email"
    )
    found["with a tag"] = [
        {"text": text, "sort": "relevance", "tag": tag}
        for text, tag in zip(some(frequent), some(frequent), strict=True)
    ]
    found["with facets"] = _by_relevance([COMMON, *some(frequent)], want_facets=True)
    found["tag alone"] = [{"tag": tag} for tag in some(frequent) + some(words[60:600])]
    for sort in ("recent", "installs"):
        found[f"by {sort}"] = [
            {"text": text, "sort": sort} for text in (COMMON, *some(frequent))
        ]
    return found


def _by_relevance(texts: list[str], **options) -> list[dict]:
    return [{"text": text, "sort": "relevance", **options} for text in texts]


def _names(many: int) -> list[str]:
    from registry.models import Function

    last = Function.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    ids = [1 + number * last // many for number in range(many)]
    return list(Function.objects.filter(pk__in=ids).values_list("slug", flat=True))


def _measure(queries: list[dict], rounds: int) -> dict[str, float]:
    from django.db import connection

    from registry import search

    taken, statements = [], 0
    for query in queries:
        for number in range(rounds + 1):
            began = time.perf_counter()
            with _Clock() as clock:
                search.find(**query)
            whole = (time.perf_counter() - began) * 1000
            if number:
                taken.append(whole if connection.vendor == "sqlite" else clock.ms)
                statements = max(statements, clock.statements)
    taken.sort()
    return {
        "p50": round(taken[len(taken) // 2], 2),
        "p99": round(taken[min(len(taken) - 1, len(taken) * 99 // 100)], 2),
        "statements": statements,
    }


class _Clock(ExitStack):
    """Add up how long statements take. On PostgreSQL that includes their rows."""

    ms, statements = 0.0, 0

    def __enter__(self):
        from django.db import connections

        for connection in connections.all():
            self.enter_context(connection.execute_wrapper(self))
        return super().__enter__()

    def __call__(self, execute, sql, params, many, context):
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.ms += (time.perf_counter() - began) * 1000
            self.statements += 1


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    print(json.dumps(measure(kinds(), rounds), indent=1))


if __name__ == "__main__":
    main()
