"""One whole run: a seeded Hub as production starts it, and the references beside."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import deriving, operations
from bench.databases import DATABASES, ROOT, seed_seconds
from bench.measuring import check, fetch, memory_mb
from bench.references import constant_view, static_files

PARTS = (
    "references",
    "kept",
    "nginx",
    "writes",
    "deriving",
    "checked",
    "anew",
    "searching",
    "storage",
    "verdaccio",
)
# Where a page may come from: kept in this process's memory; kept on the disk and
# checked against the database; or made from nothing.
STATES = {
    "kept": {},
    "checked": {"PAGE_CACHE_MB": "0"},
    "anew": {"PAGE_CACHE_MB": "0", "PAGE_STORE_MB": "0"},
}
QUICK = {"seconds": 1, "rounds": 1}
FULL = {"seconds": 2, "rounds": 3}
WRITES, QUICK_WRITES = 150, 30
SEARCHES, QUICK_SEARCHES = 10, 3  # rounds of each
REST_SECONDS = 10  # after the last answer


class Run:
    """What one run finds: part -> operation -> Measured, memory and machine facts."""

    def __init__(self, database: str, count: int, *, quick: bool, parts=PARTS):
        self.database, self.count, self.quick = DATABASES[database], count, quick
        self.parts = parts
        self.pace = QUICK if quick else FULL
        self.measured: dict[str, dict] = {}
        self.memory: dict[str, dict] = {}
        self.found_else: dict[str, dict] = {}  # of the parts that are no loads
        self.seconds: dict[str, float] = {}
        self.failed: dict[str, str] = {}  # what could not be measured, and why

    def __call__(self, *, check: bool = False) -> dict:
        """The run as JSON can hold it."""
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
        folder.chmod(0o755)
        try:
            with self.database.seeded(self.count, folder / "hub", check) as given:
                self.environment = given
                self.found = addresses_of(given)
                self._measure(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.seconds["run"] = time.monotonic() - began
        for part, took in seed_seconds(self.database.name, self.count).items():
            self.seconds[f"seed_{part}"] = took
        return self._as_json()

    def _measure(self, folder: Path) -> None:
        with constant_view(self.environment) as (self.constant, pids):
            if "references" in self.parts:
                self._step("references", self._references, pids)
            self._measure_hub(folder)
        if "searching" in self.parts:
            self._step("searches in the database", self._searching)
        if "storage" in self.parts:
            self._step("storage", self._storage)
        if "verdaccio" in self.parts:
            self._step("Verdaccio", self._verdaccio, folder)

    def _measure_hub(self, folder: Path) -> None:
        for state, options in STATES.items():
            if state in self.parts or (state == "kept" and self._needs_hub):
                self._step(state, self._served, state, options, folder)

    def _step(self, what: str, call, *args) -> None:
        """``call(*args)``; where it fails, what was measured before still counts."""
        say(what)
        try:
            call(*args)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            traceback.print_exc()
            self.failed[what] = f"{type(error).__name__}: {error}"

    def _served(self, state: str, options: dict, folder: Path) -> None:
        from tests.hub_server import HubServer

        given = self.environment | options
        # Large seeds have their own folder, which is not the run's.
        server = HubServer(Path(given.pop("HUB_DATA_DIR")), **given)
        with started(server, self.seconds):
            getattr(self, f"_{state}")(server, folder)

    def _searching(self) -> None:
        rounds = str(QUICK_SEARCHES if self.quick else SEARCHES)
        said = _said(["bench.searching", rounds], self.environment)
        self.found_else["searching"] = {
            line[: line.index("{")].strip(): json.loads(line[line.index("{") :])
            for line in said.splitlines()
        }

    def _storage(self) -> None:
        said = _said(["bench.storage", "--json"], self.environment)
        self.found_else["storage"] = json.loads(said)

    @property
    def _needs_hub(self) -> bool:
        return not {"nginx", "writes", "deriving", "references"}.isdisjoint(self.parts)

    def _references(self, pids) -> None:
        args = self.constant, [*pids, *self.database.pids], self.pace
        self._keep("references", operations.read_all(operations.references(), *args))

    def _kept(self, server, folder: Path) -> None:
        """Warm answers, then the same bytes as files, then through nginx, writes."""
        args = by_name(server), self._pids(server), self.pace
        loads = operations.kept_reads(self.found)
        if "kept" in self.parts:
            mine = operations.beside_constant(loads, self.constant)
            self._keep("kept", operations.read_all(mine, *args))
        if "references" in self.parts or "nginx" in self.parts:
            self._step("nginx", self._static, server, folder, loads)
        if {"writes", "deriving"} & {*self.parts}:
            name = f"bench-{time.time():.0f}"
            author = operations.Author(by_name(server), name, server.account(name))
            if "writes" in self.parts:
                self._step("writes", self._writes, author, self._pids(server))
            if "deriving" in self.parts:
                self._step("what is derived from a publish", self._deriving, author)
        self._remember("hub", [server.process.pid])
        if self.database.pids:
            self.memory["postgres"] = memory_mb(self.database.pids)

    def _static(self, server, folder: Path, loads) -> None:
        """The very same bytes as files; then through nginx, by turns with those."""
        answers = self._answers(by_name(server))
        files = operations.static_reads(answers)
        with static_files(folder / "static", answers) as (url, pids):
            if "references" in self.parts:
                named = [(f"static_{name}", load) for name, load in files.items()]
                found = operations.read_all(named, url, pids, self.pace)
                self._keep("references", found)
            if "nginx" in self.parts:
                mine = operations.beside_static(loads, files, url)
                self._nginx(server, folder, mine)

    def _nginx(self, server, folder: Path, loads) -> None:
        from tests.nginx_proxy import NginxProxy

        upstream = f"127.0.0.1:{server.port}"
        with NginxProxy(folder / "nginx", upstream, ROOT / "static") as proxy:
            pids = [proxy.process.pid, *self._pids(server)]
            self._keep("nginx", operations.read_all(loads, proxy.url, pids, self.pace))

    def _writes(self, author, pids) -> None:
        count = QUICK_WRITES if self.quick else WRITES
        self._keep("writes", operations.writes(author, pids, count))

    def _deriving(self, author) -> None:
        with deriving.watched(self.environment) as found:
            operations.published_at_once(author, QUICK_WRITES if self.quick else WRITES)
        self.found_else["deriving"] = found

    def _checked(self, server, folder: Path) -> None:
        args = (by_name(server), self._pids(server), self.pace)
        loads = operations.first_reads(self.found)
        loads = operations.beside_constant(loads, self.constant)
        for _, load in loads:
            check(load, by_name(server), len(load.paths))  # each lies on the disk now
        self._keep("checked", operations.read_all(loads, *args))

    def _anew(self, server, folder: Path) -> None:
        args = (by_name(server), self._pids(server), self.pace)
        loads = operations.first_reads(self.found)
        loads = operations.beside_constant(loads, self.constant)
        looked_for = operations.searches(self.found)
        for _, load in [*loads, *looked_for]:
            check(load, by_name(server), len(load.paths))  # read from the disk once
        self._keep("anew", operations.read_all([*loads, *looked_for], *args))
        alone = [each for each in loads if each[0] in operations.ALONE]
        self._keep("anew", operations.one_client([*alone, *looked_for], *args))

    def _verdaccio(self, folder: Path) -> None:
        from bench import verdaccio

        with verdaccio.started(folder / "verdaccio") as peer:
            if peer is not None:
                self._keep("verdaccio", verdaccio.measured(peer, self.pace, self.quick))
                self._remember("verdaccio", peer.pids)

    def _remember(self, name: str, pids) -> None:
        """Memory right after the last answer; and at rest, when what follows a publish
        is done and idle processes have ended."""
        self.memory[name] = memory_mb(pids)
        time.sleep(REST_SECONDS)
        self.memory[f"{name} at rest"] = memory_mb(pids)

    def _answers(self, url: str) -> dict[str, tuple[dict, bytes]]:
        """What nginx serves as files: an answer of each kind."""
        return {
            name: fetch(url, self.found[kind][0])[1:]
            for name, kind in {
                "manifest.json": "manifest",
                "page.html": "page",
                "browse.html": "browse",
                "search.html": "search_common",
            }.items()
        }

    def _pids(self, server) -> list[int]:
        return [server.process.pid, *self.database.pids]

    def _keep(self, part: str, rows: dict) -> None:
        self.measured.setdefault(part, {}).update(
            {key: asdict(row) for key, row in rows.items()}
        )

    def _as_json(self) -> dict:
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": self.database.name,
            "functions": self.count,
            "pace": self.pace,
            "machine": machine(),
            "seconds": self.seconds,
            "memory_mb": self.memory,
            "measured": self.measured,
            "failed": self.failed,
            **self.found_else,
        }


def machine() -> dict:
    """What the figures depend on."""
    import django
    import gunicorn

    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": round(memory),
        "load_before": round(os.getloadavg()[2], 1),
        "python": platform.python_version(),
        "django": django.__version__,
        "gunicorn": gunicorn.__version__,
        "kernel": platform.release().partition("-")[0],
    }


def say(what: str) -> None:
    print(f"  {what} ...", file=sys.stderr, flush=True)


class started:
    """A server with its tables; notes how long its start took."""

    def __init__(self, server, seconds: dict):
        self.server, self.seconds = server, seconds

    def __enter__(self):
        self.server.manage("prepare_hub")
        began = time.monotonic()
        self.server.start()
        self.seconds.setdefault("cold_start", time.monotonic() - began)
        return self.server

    def __exit__(self, *error):
        self.server.stop()


def by_name(server) -> str:
    return f"http://localhost:{server.port}"


def addresses_of(environment: dict) -> dict:
    """kind -> the paths of bench.addresses in the registry of ``environment``."""
    return json.loads(_said(["bench.addresses"], environment))


def _said(command: list[str], environment: dict) -> str:
    """What a module prints, run in a process of its own."""
    made = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return made.stdout
