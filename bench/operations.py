"""The loads: what readers ask of a Hub, and what authors send to it."""

import http.client
import json
import time
from dataclasses import replace
from urllib.parse import urlsplit

from bench.measuring import Load, in_turn, measure

GZIP = {"Accept-Encoding": "gzip"}  # as every browser asks
# kind of address -> (what it is called, headers)
READS = {
    "manifest": ("install manifest, latest", {}),
    "manifest_by_version": ("install manifest, by version", {}),
    "page": ("function page", GZIP),
    "source": ("source page", GZIP),
    "browse": ("browse page 1", GZIP),
    "browse_deep": ("browse, page 1,000 or the last", GZIP),
    "api_list": ("API list", {}),
    "raw": ("raw file", {}),
}
SEARCHES = {
    "search_exact": "search, exact name",
    "search_only": "search, exact name of one result",
    "search_rare": "search, rare word",
    "search_common": "search, word in every fifth",
    "search_two": "search, two words",
    "search_prefix": "search, beginning of a word",
    "search_typo": "search, typo",
    "search_facet": "search, with a category",
    "api_search": "API search, two words",
}
WARM_UP, WARM_UP_SECONDS = 16, 3  # publishes, and until what they left is done
WARM = 4  # addresses: after a second every worker keeps them
BRIEF = {"browse_deep", "api_list", "raw"}  # kept, these are pages like the others
REPEATED = ("search_common", "search_two", "api_search")  # searches asked again
# What targets hang on behind nginx -> the file that is the same to nginx.
STATIC = {
    "manifest": "manifest.json",
    "page": "page.html",
    "browse": "browse.html",
    "search_common": "search.html",
    "manifest_304": "304",
}
ALONE = ("manifest", "page", "browse", "browse_deep")
CODE = "export const answer = (n: number): number => n + 42;\n"


def kept_reads(found: dict) -> list[tuple[str, Load]]:
    """(key, load) of what every reader asks for, and of the 304s of it."""
    loads = [
        (key, Load(name, tuple(found[key][:WARM]), headers, is_brief=key in BRIEF))
        for key, (name, headers) in READS.items()
    ]
    for key in REPEATED:
        paths = tuple(found[key][:WARM])
        is_brief = key not in STATIC
        loads.append((key, Load(SEARCHES[key], paths, GZIP, is_brief=is_brief)))
    for key in ("manifest", "page"):
        name, headers = READS[key]
        path = (found[key][0],)
        loads.append((f"{key}_304", Load(f"304 of {name}", path, headers, 304)))
    return loads


def first_reads(found: dict) -> list[tuple[str, Load]]:
    """Of many different pages, none of which the process has in memory."""
    loads = [
        (key, Load(name, tuple(found[key]), headers))
        for key, (name, headers) in READS.items()
    ]
    search = Load(SEARCHES["api_search"], tuple(found["api_search"]))
    return [*loads, ("api_search", search)]


def searches(found: dict) -> list[tuple[str, Load]]:
    return [
        (key, Load(name, tuple(found[key]), GZIP))
        for key, name in SEARCHES.items()
        if key != "api_search"
    ]


def beside(loads, references: dict[str, Load], url: str) -> list[tuple[str, Load]]:
    """``loads`` with the references (by key) that they are measured in turn with."""
    return [
        (key, replace(load, beside=(references[key], url)))
        if key in references and not load.is_brief
        else (key, load)
        for key, load in loads
    ]


def read_all(loads, url, pids, pace) -> dict:
    """key -> Measured, one load after the other."""
    return {key: measure(load, url, pids, **pace) for key, load in loads}


def one_client(loads, url, pids, pace) -> dict:
    """The same by a single client: what one reader waits for."""
    alone = [
        (f"{key}_alone", replace(load, connections=1, is_brief=True, beside=None))
        for key, load in loads
    ]
    return read_all(alone, url, pids, pace)


CONSTANT = Load("Django view, constant", ("/constant",))


def references() -> list[tuple[str, Load]]:
    row = Load("Django view, one row by key", ("/row",))
    return [("constant", CONSTANT), ("row", row)]


def beside_constant(loads, url: str) -> list[tuple[str, Load]]:
    return beside(loads, dict.fromkeys(READS | SEARCHES | STATIC, CONSTANT), url)


def static_reads(files: dict) -> dict[str, Load]:
    """Of nginx with the bytes of ``files``, and its 304; by file."""
    headers = {name: GZIP if name.endswith("html") else {} for name in files}
    loads = {
        name: Load(f"nginx, {name} as a file", (f"/{name}",), said)
        for name, said in headers.items()
    }
    path = (f"/{next(iter(files))}",)
    return loads | {"304": Load("nginx, 304 of a file", path, {}, 304)}


def beside_static(loads, static: dict[str, Load], url: str) -> list[tuple[str, Load]]:
    return beside(loads, {key: static[file] for key, file in STATIC.items()}, url)


# --- writes


class Author:
    """Sends drafts and publishes them, with a key.

    name: an account's; no other run may have published under it in this registry.
    """

    base = "/api/community/functions"

    def __init__(self, url: str, name: str, key: str):
        self.host, self.name, self.key = urlsplit(url).netloc, name, key

    def push(self, number: int) -> str:
        """A new function's draft; its id."""
        return self._call("POST", self.base, _body(f"{self.name}-{number}"))["id"]

    def publish(self, draft_id: str) -> None:
        self._call("POST", f"{self.base}/{draft_id}/publish")

    def push_and_publish(self, number: int) -> None:
        self.publish(self.push(number))

    def publish_from_ci(self, number: int) -> None:
        """A new version of a function of its own."""
        body = _body(f"{self.name}-ci-{number}") | {"publish": True}
        self._call("POST", f"{self.base}/ci/publish", body)

    def _call(self, method: str, path: str, body: dict | None = None) -> dict:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status in (200, 201), f"{path}: {answer.status} {said[:300]}"
        return json.loads(said)


def _body(name: str) -> dict:
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


def writes(author: Author, pids, count: int) -> dict:
    """key -> Measured; ``count`` of each, by one client and by eight. A few go before
    them: the workers that derive start with the first publish."""
    in_turn(lambda number: author.push_and_publish(6 * count + number), WARM_UP, 8, [])
    time.sleep(WARM_UP_SECONDS)
    measured, first = {}, 0
    verbs = {
        "push": author.push,
        "push_publish": author.push_and_publish,
        "ci_publish": author.publish_from_ci,
    }
    for key, verb in verbs.items():
        for clients in (1, 8):
            start, first = first, first + count

            def send(number, verb=verb, start=start):
                verb(start + number)

            measured[f"{key}_{clients}"] = in_turn(send, count, clients, pids)
    return measured


def published_at_once(author: Author, count: int, clients: int = 8) -> None:
    """``count`` publishes from CI, by ``clients`` at once."""
    verb = author.publish_from_ci
    in_turn(lambda number: verb(-1 - number), count, clients, [])
