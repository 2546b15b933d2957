"""Print the paths that the loads ask for, as JSON.

    python -m bench.addresses

It runs in a process of its own, because it needs Django on the seeded database.
Apart from the functions' names it asks the public API alone.
"""

import json
import os
import random
import sys

from bench.rows import RENDERED_FUNCTIONS
from bench.words import COMMON, HEAD, RARE

API = "/api/community/functions"
COUNT = 200  # different paths of one kind
DEEP_PAGES = 1_000
PAGE_ROWS = 20  # of a browse page
MOST_ROWS = 100  # that the API gives at once
SEED = 3


def addresses() -> dict[str, list[str]]:
    """The paths by the kind of page."""
    names = _names()
    found = {
        "manifest": [f"{API}/{owner}/{slug}/install" for owner, slug in names],
        "page": [f"/functions/{owner}/{slug}" for owner, slug in names],
        "browse": ["/functions/"],
        "browse_deep": [f"/functions/?cursor={_deep_cursor()}"],
    }
    return found | _searches([slug for _, slug in names])


def _names() -> list[tuple[str, str]]:
    """(owner, slug) of some functions whose HTML is stored."""
    from registry.models import Function

    rendered = Function.objects.filter(pk__lte=RENDERED_FUNCTIONS).order_by("?")
    return list(rendered.values_list("owner__username", "slug")[:COUNT])


def _deep_cursor() -> str:
    """The cursor of page 1,000, or of the last whole page where there are fewer."""
    found = _listed(limit=1)
    left = (min(DEEP_PAGES, found["total"] // PAGE_ROWS) - 1) * PAGE_ROWS
    cursor = ""
    while left > 0:
        found = _listed(limit=min(left, MOST_ROWS), cursor=cursor)
        cursor, left = found["next"], left - MOST_ROWS
    return cursor


def _searches(slugs: list[str]) -> dict[str, list[str]]:
    choose = random.Random(SEED)
    pairs = [" ".join(choose.sample(HEAD[:40], 2)) for _ in range(COUNT)]
    queries = {
        "search_name": slugs,
        "search_only": _only_results(slugs),
        "search_rare": [RARE],
        "search_common": [COMMON],
        "search_two": pairs,
        "search_prefix": [word[:4] for word in HEAD if len(word) > 5],
        "search_typo": [_swapped(word, choose) for word in HEAD if len(word) > 6],
        "search_facet": [f"{word}&category=media" for word in HEAD],
    }
    return {
        kind: [f"/functions/?q={query.replace(' ', '+')}" for query in each]
        for kind, each in queries.items()
    }


def _only_results(slugs: list[str]) -> list[str]:
    """The names that find one function alone, so that their pages are of one size
    among a thousand functions and among a million."""
    alone = [slug for slug in slugs if len(_listed(search=slug)["functions"]) == 1]
    return alone or slugs[:1]


def _swapped(word: str, choose: random.Random) -> str:
    """``word`` with two neighbouring letters exchanged."""
    at = choose.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _listed(**query) -> dict:
    """What the API's list answers."""
    from django.test import Client

    answer = Client(SERVER_NAME="localhost").get(API, query)
    assert answer.status_code == 200, f"{API} answered {answer.status_code}"
    return answer.json()


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["RATE_LIMITS"] = "0"
    import django

    django.setup()
    json.dump(addresses(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
