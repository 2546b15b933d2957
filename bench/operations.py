"""The loads: what readers ask of a Hub, and what authors send to it."""

import http.client
import json
import time
from dataclasses import replace
from urllib.parse import urlsplit

from bench.measuring import Load, Measured, Pace, Reference, measure, one_by_one

GZIP = {"Accept-Encoding": "gzip"}  # as every browser asks
SEARCHES = {
    "search_name": "search, a function's name",
    "search_only": "search, a name with one result",
    "search_rare": "search, rare word",
    "search_common": "search, word in every fifth",
    "search_two": "search, two words",
    "search_prefix": "search, beginning of a word",
    "search_typo": "search, typo",
    "search_facet": "search, with a category",
}
LABELS = {
    "manifest": "install manifest",
    "page": "function page",
    "browse": "browse page",
    "browse_deep": "browse, page 1,000 or the last",
    "manifest_304": "304 of the install manifest",
    **SEARCHES,
    "push_publish": "push and publish, 1 client",
    "publish": "publish, 1 client",
}
HOT = ("manifest", "page", "browse")
HOT_PATHS = 4  # few enough that every worker soon has them in memory
CONSTANT = Load(("/constant",))
WARM_UP_WRITES, WARM_UP_SECONDS = 16, 3
CODE = "export const answer = (n: number): number => n + 42;\n"


def hot_loads(paths: dict) -> dict[str, Load]:
    """A few addresses of each kind, again and again."""
    loads = {key: _load(key, paths[key][:HOT_PATHS]) for key in HOT}
    return loads | {"manifest_304": replace(loads["manifest"], status=304)}


def cold_loads(paths: dict) -> dict[str, Load]:
    """All addresses of each kind, to be made anew for each request."""
    kinds = (*HOT, "browse_deep", *SEARCHES)
    return {key: _load(key, paths[key]) for key in kinds}


def _load(key: str, paths) -> Load:
    return Load(tuple(paths), {} if key == "manifest" else GZIP)


def beside_constant(loads: dict[str, Load], url: str, pids) -> dict[str, Reference]:
    """The constant view at ``url`` as the reference of each load."""
    return dict.fromkeys(loads, Reference(CONSTANT, url, pids))


def beside_files(loads: dict[str, Load], url: str, pids) -> dict[str, Reference]:
    """nginx at ``url`` with the same bytes as files as the reference of each load."""
    return {
        key: Reference(
            replace(load, paths=(f"/{key.removesuffix('_304')}",)), url, pids
        )
        for key, load in loads.items()
    }


def read(loads: dict, references: dict, url: str, pids, pace: Pace) -> dict:
    """Measure one load after the other. Returns Measured by the load's key."""
    return {
        key: measure(load, url, pids, pace, references.get(key))
        for key, load in loads.items()
    }


class Author:
    """Pushes and publishes new functions with an API key.

    name: begins the functions' names, so no two runs may use the same one.
    """

    base = "/api/community/functions"

    def __init__(self, url: str, name: str, key: str):
        self.host, self.name, self.key = urlsplit(url).netloc, name, key

    def push_and_publish(self, number: int) -> None:
        draft = self._post(self.base, _function(f"{self.name}-{number}"))
        self._post(f"{self.base}/{draft['id']}/publish")

    def _post(self, path: str, body: dict | None = None) -> dict:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        connection.request("POST", path, data, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status in (200, 201), f"{path}: {answer.status} {content[:300]}"
        return json.loads(content)


def _function(name: str) -> dict:
    return {
        "name": name,
        "version": "1.0.0",
        "description": "Adds forty-two to whatever it is given.",
        "category": "utility",
        "language": "typescript",
        "license": "MIT",
        "entrypoint": "index.ts",
        "tags": ["bench"],
        "code": f"// {name}\n" + CODE * 60,  # 3 KB
        "readme": f"# {name}\n\n" + "Adds forty-two. " * 60,
    }


def write(author: Author, pids, count: int) -> dict[str, Measured]:
    """Push and publish ``count`` functions by one client.

    Some go before, because the sandbox's processes start with the first publish.
    """
    for number in range(WARM_UP_WRITES):
        author.push_and_publish(count + number)
    time.sleep(WARM_UP_SECONDS)
    return {"push_publish": one_by_one(author.push_and_publish, range(count), pids)}
