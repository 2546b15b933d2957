"""Which addresses of a seeded registry are asked for, as JSON for the other process.

python -m bench.addresses
"""

import json
import os
import random
import sys

COUNT = 200  # different addresses of one kind
DEEP_PAGES = 1_000
TYPOS = 100


def addresses() -> dict:
    """kind -> the paths that are asked in turn."""
    from registry.models import Function, Version

    popular = Function.objects.listed().filter(pk__lte=10_000).order_by("?")
    functions = list(popular.select_related("owner", "latest")[:COUNT])
    api = "/api/community/functions"
    files = [
        (f, Version.objects.get(pk=f.latest_id).files.select_related("blob").first())
        for f in functions
    ]
    found = {
        "manifest": [f"{api}/{f.path}/install" for f in functions],
        "manifest_by_version": [
            f"{api}/{f.path}/install?version={f.latest_number}" for f in functions
        ],
        "page": [f.url for f in functions],
        "source": [f"{f.url}/source/{file.path}" for f, file in files],
        "raw": [f"{f.url}/raw/{f.latest_number}/{file.path}" for f, file in files],
        "browse": ["/functions/"],
        "browse_deep": [f"/functions/?cursor={_deep_cursor()}"],
        "api_list": [f"{api}?limit=20"],
    }
    return found | _searches([f.slug for f in functions])


def _deep_cursor() -> str:
    """Of the page before page 1,000, or before the last one."""
    from hub.listing import PAGE_ROWS
    from registry.catalog import lists

    pages = min(DEEP_PAGES, lists.count() // PAGE_ROWS) - 1
    return lists.page(sort="recent", limit=pages * PAGE_ROWS).next


def _searches(slugs: list[str]) -> dict:
    from bench.words import COMMON, HEAD, RARE

    made = random.Random(3)
    pairs = [made.sample(HEAD[:40], 2) for _ in range(COUNT)]
    queries = {
        "search_exact": slugs,
        "search_only": _without_others(slugs),
        "search_rare": [RARE],
        "search_common": [COMMON],
        "search_two": [" ".join(pair) for pair in pairs],
        "search_prefix": [word[:4] for word in HEAD if len(word) > 5],
        "search_typo": [_swapped(word, made) for word in HEAD if len(word) > 6],
        "search_facet": [f"{word}&category=media" for word in HEAD[:TYPOS]],
    }
    found = {
        name: [f"/functions/?q={query.replace(' ', '+')}" for query in asked]
        for name, asked in queries.items()
    }
    found["api_search"] = [
        path.replace("/functions/?q=", "/api/community/functions?search=")
        for path in found["search_two"]
    ]
    return found


def _without_others(slugs: list[str]) -> list[str]:
    """Those that are the only result: the more functions there are, the fewer, and
    only these have a page of the same size among a thousand and a million."""
    from registry import search

    def results(slug):
        return len(search.find(slug, sort="relevance").rows)

    alone = [slug for slug in slugs if results(slug) == 1]
    return alone or slugs[:1]


def _swapped(word: str, made: random.Random) -> str:
    at = made.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    json.dump(addresses(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
