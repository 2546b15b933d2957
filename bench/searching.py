"""How long a search takes in the database alone: the sum of its statements.

``python -m bench.searching [rounds]`` prints it for the database that the environment
names, which bench.seeding has filled.
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
    """kind -> {"p50", "p99"} of the milliseconds that the database took for one search,
    and "statements" (most), one client, warm. SQLite works while its rows are read,
    within this process: there it is all that search.find takes.

    queries: kind -> what search.find is asked. Each is asked once unmeasured, and then
    ``rounds`` times; runs in a process with Django set up.
    """
    return {kind: _one(asked, rounds) for kind, asked in queries.items()}


def kinds(many: int = 10) -> dict[str, list[dict]]:
    """The kinds of queries that there are, over what bench.seeding wrote; of those
    that can be different each time ``many``."""
    from bench.words import COMMON, RARE, Words

    words = Words(11).vocabulary
    picked = random.Random(3)
    frequent, seldom = words[:60], words[60:3_000]

    def some(pool, count=1):
        return [" ".join(picked.sample(pool, count)) for _ in range(many)]

    found = {
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
    asked = {
        kind: [{"text": text, "sort": "relevance"} for text in texts]
        for kind, texts in found.items()
    }
    asked["with a category"] = [
        {"text": text, "sort": "relevance", "category": "email"}
        for text in (COMMON, *some(frequent))
    ]
    asked["with a tag"] = [
        {"text": text, "sort": "relevance", "tag": tag}
        for text, tag in zip(some(frequent), some(frequent), strict=True)
    ]
    asked["with facets"] = [
        {"text": text, "sort": "relevance", "want_facets": True}
        for text in (COMMON, *some(frequent))
    ]
    asked["tag alone"] = [{"tag": tag} for tag in some(frequent) + some(words[60:600])]
    for sort in ("recent", "installs"):
        asked[f"by {sort}"] = [
            {"text": text, "sort": sort} for text in (COMMON, *some(frequent))
        ]
    return asked


def _names(many: int) -> list[str]:
    from registry.models import Function

    last = Function.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    ids = [1 + number * last // many for number in range(many)]
    return list(Function.objects.filter(pk__in=ids).values_list("slug", flat=True))


def _one(asked: list[dict], rounds: int) -> dict[str, float]:
    from django.db import connection

    from registry import search

    taken, statements = [], 0
    for options in asked:
        for number in range(rounds + 1):
            began = time.perf_counter()
            with _Clock() as clock:
                search.find(**options)
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
    """Adds up how long statements take. PostgreSQL's have all their rows by then."""

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
    for kind, row in measure(kinds(), rounds).items():
        print(f"{kind:24} {json.dumps(row)}")


if __name__ == "__main__":
    main()
