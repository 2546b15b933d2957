"""Every address that the Hub answers, as its URLconf says: a route and values for what
its path leaves open."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from django.urls import URLResolver, get_resolver

OPEN = re.compile(r"<(?:\w+:)?(\w+)>")
NOTHING = "00000000-0000-0000-0000-000000000000"
# What a route may leave open -> what is asked. The last ones are of private pages.
VALUES = {
    "username": ["alice", "bob"],
    "slug": ["image-resizer", "picture-resizer", "thumbnailer"],
    "version": ["1.0.0", "1.1.0"],
    "path": ["index.ts"],
    "kind": ["version", "installs"],
    "sha256": [NOTHING],
    "span": ["1.0.0...1.1.0"],
    "category": ["media", "pictures", "utility"],
    "tag": ["image", "edge"],
    "item": ["image-resizer", "image-resizer@1.0.0", "picture-resizer", "thumbnailer"],
    "section": ["pages", "functions", "authors"],
    "number": ["1"],
    "name": ["search", "profile"],
    **dict.fromkeys(("action", "answer", "key", "tab", "token", "uidb36"), ["x"]),
    **dict.fromkeys(("draft_id", "id", "uid"), [NOTHING]),
    **dict.fromkeys(("pk", "revision"), ["1"]),
}


def routes() -> list[str]:
    """All routes as templates: ``functions/<username>/<slug>/versions``."""
    return sorted({OPEN.sub(r"<\1>", route) for route in _walk(get_resolver())})


def addresses(
    route: str,
    values: Mapping[str, Sequence] = VALUES,
    together: Sequence[Mapping] = (),
) -> list[str]:
    """The paths of ``route`` with every combination of ``values``.

    together: values that belong to one another, where a route leaves all of them open.
    """
    names = OPEN.findall(route)
    known = {*values, *(together[0] if together else ())}
    unknown = [name for name in names if name not in known]
    assert not unknown, f"/{route}: what is {unknown}? Add values for it."
    sets = together if together and set(together[0]) <= set(names) else [{}]
    found = []
    for given in sets:
        rest = [name for name in names if name not in given]
        for chosen in product(*(values[name] for name in rest)):
            filled = {**given, **dict(zip(rest, chosen, strict=True))}
            found.append("/" + OPEN.sub(lambda m, filled=filled: filled[m[1]], route))
    return found


def _walk(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + _template(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield route


def _template(route: str) -> str:
    """A route, or a regular expression as one: allauth has some."""
    if not route.startswith("^"):
        return route
    return re.sub(r"\(\?P<(\w+)>.*?\)(?=[/$-])", r"<\1>", route[1:]).removesuffix("$")
