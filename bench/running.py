"""One whole run: a seeded Hub as production starts it, beside its references."""

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

from bench import operations
from bench.databases import DATABASES, ROOT
from bench.measuring import Pace, check, fetch, memory_mb
from bench.references import constant_view, static_files

PARTS = ("anew", "kept", "nginx", "writes", "searching", "verdaccio")
PAGES_KEPT = {"kept", "nginx", "writes"}  # the parts with a Hub as it starts
NOTHING_KEPT = {"PAGE_CACHE_MB": "0"}
QUICK, FULL = Pace(seconds=1, rounds=1), Pace(seconds=2, rounds=3)
WRITES, QUICK_WRITES = 150, 30
SEARCH_ROUNDS, QUICK_SEARCH_ROUNDS = 10, 3


class Run:
    """Measure the ``parts`` on a registry of ``count`` functions.

    measured: part -> operation -> Measured as a dict.
    searching: kind of search -> its times in the database.
    memory_mb: of "hub" and "verdaccio", right after their last answer.
    failed: part -> why it could not be measured.
    """

    def __init__(self, database: str, count: int, *, quick: bool, parts=PARTS):
        self.database, self.count, self.quick = DATABASES[database], count, quick
        self.parts = parts
        self.pace = QUICK if quick else FULL
        self.measured: dict[str, dict] = {}
        self.searching: dict[str, dict] = {}
        self.memory_mb: dict[str, float] = {}
        self.failed: dict[str, str] = {}

    def __call__(self, *, check: bool = False) -> dict:
        """Run, and return what was found as JSON can hold it.

        check: verify every row of the seeded registry first.
        """
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
        folder.chmod(0o755)
        try:
            with self.database.seeded(self.count, folder / "hub", check) as environment:
                self.environment = environment
                self.paths = json.loads(self._printed("bench.addresses"))
                self._measure(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._as_dict(seconds=time.monotonic() - began)

    def _measure(self, folder: Path) -> None:
        """Writes come after reads, so that they change no page that is measured."""
        with constant_view() as self.constant:
            if "anew" in self.parts:
                with self._hub(**NOTHING_KEPT) as server:
                    self._step("anew", self._anew, server)
            if PAGES_KEPT & {*self.parts}:
                with self._hub() as server:
                    self._step("kept", self._kept, server)
                    self._step("nginx", self._nginx, server, folder)
                    self._step("writes", self._writes, server)
                    self.memory_mb["hub"] = memory_mb([server.process.pid])
        self._step("searching", self._searching)
        self._step("verdaccio", self._verdaccio, folder)

    def _step(self, part: str, call, *args) -> None:
        """Do one part if it is wanted. Where it fails, the others still count."""
        if part not in self.parts:
            return
        print(f"  {part} ...", file=sys.stderr, flush=True)
        try:
            call(*args)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            traceback.print_exc()
            self.failed[part] = f"{type(error).__name__}: {error}"

    def _hub(self, **options: str):
        from tests.hub_server import HubServer

        given = self.environment | options
        return HubServer(Path(given.pop("HUB_DATA_DIR")), **given)

    def _anew(self, server) -> None:
        loads = operations.cold_loads(self.paths)
        for load in loads.values():  # so that the database has read all from disk
            check(load, _url(server), len(load.paths))
        references = operations.beside_constant(loads, *self.constant)
        args = references, _url(server), self._pids(server), self.pace
        self._keep("anew", operations.read(loads, *args))

    def _kept(self, server) -> None:
        loads = operations.hot_loads(self.paths)
        references = operations.beside_constant(loads, *self.constant)
        args = references, _url(server), self._pids(server), self.pace
        self._keep("kept", operations.read(loads, *args))

    def _nginx(self, server, folder: Path) -> None:
        """The shipped nginx before the Hub, beside an nginx with the same files."""
        from tests.nginx_proxy import NginxProxy

        loads = operations.hot_loads(self.paths)
        answers = {
            key: fetch(_url(server), self.paths[key][0])[1:] for key in operations.HOT
        }
        upstream = f"127.0.0.1:{server.port}"
        with (
            static_files(folder / "static", answers) as files,
            NginxProxy(folder / "nginx", upstream, ROOT / "static") as proxy,
        ):
            references = operations.beside_files(loads, *files)
            pids = [proxy.process.pid, *self._pids(server)]
            args = references, proxy.url, pids, self.pace
            self._keep("nginx", operations.read(loads, *args))

    def _writes(self, server) -> None:
        name = f"bench-{time.time():.0f}"
        author = operations.Author(_url(server), name, server.account(name))
        count = QUICK_WRITES if self.quick else WRITES
        self._keep("writes", operations.write(author, self._pids(server), count))

    def _searching(self) -> None:
        rounds = QUICK_SEARCH_ROUNDS if self.quick else SEARCH_ROUNDS
        self.searching = json.loads(self._printed("bench.searching", str(rounds)))

    def _verdaccio(self, folder: Path) -> None:
        from bench import verdaccio

        count = QUICK_WRITES if self.quick else WRITES
        with verdaccio.started(folder / "verdaccio") as peer:
            self._keep("verdaccio", verdaccio.measured(peer, self.pace, count))
            self.memory_mb["verdaccio"] = memory_mb(peer.pids)

    def _pids(self, server) -> list[int]:
        return [server.process.pid, *self.database.pids]

    def _keep(self, part: str, rows: dict) -> None:
        self.measured[part] = {key: asdict(row) for key, row in rows.items()}

    def _printed(self, *command: str) -> str:
        """What a module of ours prints, run in a process of its own."""
        made = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=os.environ | self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return made.stdout

    def _as_dict(self, seconds: float) -> dict:
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": self.database.name,
            "functions": self.count,
            "pace": asdict(self.pace),
            "machine": machine(),
            "seconds": seconds,
            "memory_mb": self.memory_mb,
            "measured": self.measured,
            "searching": self.searching,
            "failed": self.failed,
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
        "python": platform.python_version(),
        "django": django.__version__,
        "gunicorn": gunicorn.__version__,
    }


def _url(server) -> str:
    return f"http://localhost:{server.port}"  # the Hub's own name, as in HUB_URL
