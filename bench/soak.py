"""Do everything at once for a while, then check that no answered write was lost.

    python -m bench.soak [--seconds N] [--calm] [--seed N]

It starts a Hub of two workers on a new database (on DATABASE_URL's server, or SQLite).
Authors push and publish over HTTP, and readers read. Other processes star, yank, edit
and moderate. Meanwhile search is rebuilt, the registry verified and the database backed
up. Workers are killed with SIGKILL, and now and then the whole server; --calm kills
nothing. It ends with 1 and names every fault.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from tests.hub_server import ROOT, HubServer

FUNCTIONS = "/api/community/functions"
AUTHORS, READERS, ACTORS = 2, 2, 2
WORDS = "image video audio text queue cache token upload resize parse".split()
LIST_PAGES = ("/", "/functions/", "/functions/?q={word}", f"{FUNCTIONS}?q={{word}}")
ONE_PAGES = ("/functions/{path}", "/functions/{path}/versions", "/@{owner}")
ONE_ANSWERS = (f"{FUNCTIONS}/{{path}}", f"{FUNCTIONS}/{{path}}/install")


class Soak:
    """One run against ``server``. ``faults`` names wrong answers."""

    def __init__(self, server: HubServer, folder: Path, seed: int):
        self.server, self.folder, self.seed = server, folder, seed
        self.answered: dict[str, str] = {}  # owner/slug@number -> integrity
        self.done: Counter = Counter()
        self.faults: list[str] = []
        self.over = threading.Event()

    def __call__(self, seconds: float, *, calm: bool = False) -> None:
        """Keep everybody busy for ``seconds``."""
        keys = {f"author{n}": self.server.account(f"author{n}") for n in range(AUTHORS)}
        tasks = [(self._author, name, key) for name, key in keys.items()]
        tasks += [(self._reader, n) for n in range(READERS)]
        tasks += [(self._actor, seconds, n) for n in range(ACTORS)]
        tasks += [(self._maintenance,)] + ([] if calm else [(self._killer,)])
        threads = [threading.Thread(target=self._guarded, args=task) for task in tasks]
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        for thread in threads:
            thread.join()

    def _guarded(self, task, *args):
        try:
            task(*args)
        except Exception as error:
            self.faults.append(f"{task.__name__}: {error!r}")
            self.over.set()

    # --- over HTTP

    def _author(self, name: str, key: str) -> None:
        choose, n = random.Random(f"{self.seed}{name}"), 0
        while not self.over.is_set():
            n += 1
            slug = f"{name}-tool-{choose.randrange(1 + n // 3)}"
            body = _body(slug, f"{n // 9}.{n % 9}.{choose.randrange(9)}", choose)
            if choose.random() < 0.5:
                self._published(body, key, "POST", f"{FUNCTIONS}/ci/publish", name)
                continue
            status, draft = self._call("POST", FUNCTIONS, body, key)
            if status in (200, 201):
                path = f"{FUNCTIONS}/{draft['id']}/publish"
                self._published(body, key, "POST", path, name, send=False)

    def _published(self, body, key, method, path, owner, *, send=True) -> None:
        status, made = self._call(method, path, body if send else None, key)
        if status not in (200, 201):
            return
        version = f"{owner}/{body['name']}@{body['version']}"
        self.answered[version] = body["code"]

    def _reader(self, n: int) -> None:
        choose = random.Random(f"{self.seed}{n}")
        while not self.over.is_set():
            known = list(self.answered)
            pages = LIST_PAGES
            path = ""
            if known and choose.random() < 0.7:
                path = choose.choice(known).partition("@")[0]
                pages = ONE_PAGES + ONE_ANSWERS
            address = choose.choice(pages).format(
                word=choose.choice(WORDS), path=path, owner=path.partition("/")[0]
            )
            self._call("GET", address)

    def _call(self, method: str, path: str, data=None, key: str = ""):
        """(status, JSON or bytes). The status is 0 where the worker was killed."""
        request = urllib.request.Request(self.server.url + path, method=method)
        if key:
            request.add_header("X-API-Key", key)
        if data is not None:
            request.data = json.dumps(data).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, content = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        except (OSError, http.client.HTTPException):
            self.done["without answer"] += 1
            return 0, None
        self.done[f"{method} {status}"] += 1
        if status >= 500:
            self.faults.append(f"{method} {path}: {status} {content[:200]!r}")
        with contextlib.suppress(ValueError):
            content = json.loads(content)
        return status, content

    # --- beside the requests

    def _actor(self, seconds: float, n: int) -> None:
        """Run a process that calls the verbs without an API."""
        wanted = ["act", str(seconds), f"{self.seed}-{n}"]
        made = self._python("-m", "bench.soak_actors", *wanted)
        if made.returncode:
            self.faults.append(f"actor {n}: {made.stdout[-500:]}{made.stderr[-1500:]}")

    def _maintenance(self) -> None:
        database = self.folder / "hub.sqlite3"
        while not self.over.is_set():
            for command in ("rebuild_search", "verify_registry"):
                made = self._python("manage.py", command)
                self.done[command] += 1
                if made.returncode:
                    self.faults.append(f"{command}: {made.stderr[-1500:]}")
            if database.exists():
                self._back_up(database)
            self.over.wait(1)

    def _back_up(self, database: Path) -> None:
        """Back up by sqlite3, as docs/self-hosting.md advises."""
        copy = self.folder / "backup.sqlite3"
        command = ["sqlite3", str(database), ".timeout 30000", f".backup {copy}"]
        made = subprocess.run(command, capture_output=True, text=True)
        self.done["backup"] += 1
        with contextlib.closing(sqlite3.connect(copy)) as backup:
            found = backup.execute("PRAGMA integrity_check").fetchall()
        if made.returncode or found != [("ok",)]:
            self.faults.append(f"backup: {made.stderr} {found[:3]}")
        copy.unlink()

    def _killer(self) -> None:
        choose, n = random.Random(self.seed), 0
        while not self.over.wait(choose.uniform(2, 10)):
            n += 1
            self.done["kills"] += 1
            if n % 10 == 0:
                self.server.kill()
                self.server.start()
                continue
            workers = _children(self.server.process.pid)
            for worker in choose.sample(workers, min(len(workers), 1 + n % 2)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    # --- afterwards

    def check(self) -> list[str]:
        """The faults of the answers and of the database."""
        answered = self.folder / "answered.json"
        answered.write_text(json.dumps(self.answered))
        made = self._python("-m", "bench.soak_actors", "check", str(answered))
        return [*self.faults, *made.stdout.splitlines(), *made.stderr.splitlines()]

    def _python(self, *args: str):
        return subprocess.run(
            [sys.executable, *args],
            cwd=ROOT,
            env=self.server.environment,
            capture_output=True,
            text=True,
        )


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def _body(slug: str, number: str, choose: random.Random) -> dict:
    words = " ".join(choose.choices(WORDS, k=5))
    size = choose.choice((1, 1, 1, 400))
    code = f"export const made = '{slug} {number} {choose.random()}';\n" * size
    return {
        "name": slug,
        "version": number,
        "description": f"About {words}.",
        "category": choose.choice(("media", "utility")),
        "language": "typescript",
        "license": "MIT",
        "entrypoint": "index.ts",
        "tags": choose.sample(WORDS, 2),
        "code": code,
        "readme": f"# {slug}\n\n{words}\n",
        "publish": True,
    }


def soak(seconds: float, *, calm: bool = False, seed: int = 1) -> tuple[Counter, list]:
    """One run. Returns how often each thing was done, and the faults."""
    with tempfile.TemporaryDirectory(prefix="hub-soak-") as name:
        folder = Path(name)
        with HubServer(folder) as server:
            run = Soak(server, folder, seed)
            run(seconds, calm=calm)
            server.stop()
            return run.done, run.check()


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m bench.soak")
    reader.add_argument("--seconds", type=float, default=20)
    reader.add_argument("--calm", action="store_true", help="kill nobody")
    reader.add_argument("--seed", type=int, default=int(time.time()))
    asked = reader.parse_args()
    done, faults = soak(asked.seconds, calm=asked.calm, seed=asked.seed)
    print(f"seed {asked.seed}:", ", ".join(f"{n} {what}" for what, n in done.items()))
    print(*faults or ["All is well."], sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
