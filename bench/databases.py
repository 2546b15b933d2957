"""Seeded registries to measure: made once per size and kept.

Each run gets a copy. Large ones are measured in place, as copying them would take
longer; the few hundred functions that a run publishes stay in those.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from bench.seeding import fingerprints

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(tempfile.gettempdir()) / "aerostack-hub-bench"
COPIED_FUNCTIONS = 100_000  # at most
POSTGRES = Path("/usr/lib/postgresql/15/bin")
# As docs/self-hosting.md has it for a small machine; commits are synced to the disk.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": 60,
}


class Sqlite:
    """One file per size."""

    name = "sqlite"
    pids: tuple[int, ...] = ()

    @contextmanager
    def seeded(self, count: int, folder: Path, check: bool):
        """The registry of ``count`` functions, as environment variables."""
        kept = KEPT / f"sqlite-{count}"
        with _alone(kept):
            yield self._given(kept, count, folder, check)

    def _given(self, kept: Path, count: int, folder: Path, check: bool) -> dict:
        def emptied():
            shutil.rmtree(kept, ignore_errors=True)

        given = _environment(kept)
        mark = _mark(self.name, count)
        _brought_up(mark, count, given, emptied)
        if check:
            verify(mark, count, given)
        if count <= COPIED_FUNCTIONS:
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("hub.sqlite3", "secret_key"):
                shutil.copyfile(kept / name, folder / name)
            given = _environment(folder)
        return given


class Postgres:
    """A cluster of our own per size; its database is the template of the copies."""

    name = "postgres"

    @contextmanager
    def seeded(self, count: int, folder: Path, check: bool):
        with _alone(KEPT / f"postgres-{count}"), self._cluster(count) as url:

            def emptied():
                _execute(url, "DROP DATABASE IF EXISTS seed WITH (FORCE)")
                _execute(url, "CREATE DATABASE seed")

            given = _environment(folder, f"{url}/seed")
            mark = _mark(self.name, count)
            _brought_up(mark, count, given, emptied)
            if check:
                verify(mark, count, given)
            if count <= COPIED_FUNCTIONS:
                _execute(url, "DROP DATABASE IF EXISTS run WITH (FORCE)")
                _execute(url, "CREATE DATABASE run TEMPLATE seed")
                given = _environment(folder, f"{url}/run")
            _execute(url, "CHECKPOINT")
            yield given
            _execute(url, "DROP DATABASE IF EXISTS run WITH (FORCE)")

    @contextmanager
    def _cluster(self, count: int):
        data, port = KEPT / f"postgres-{count}", free_port()
        as_user = {"user": "postgres", "group": "postgres"} if not os.geteuid() else {}
        if not (data / "PG_VERSION").exists():
            (KEPT / f"postgres-{count}.json").unlink(missing_ok=True)
            data.mkdir(parents=True, exist_ok=True)
            if as_user:
                shutil.chown(data, **as_user)
            command = [POSTGRES / "initdb", "-D", data, "-U", "postgres", "-A", "trust"]
            quiet = {"stdout": subprocess.DEVNULL, "cwd": data}
            subprocess.run([*command, "-E", "UTF8"], check=True, **quiet, **as_user)
        given = [f"-c{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        with data.with_suffix(".log").open("w") as log:
            server = subprocess.Popen(
                [POSTGRES / "postgres", "-D", data, f"-p{port}", *given],
                stderr=log,
                cwd=data,
                **as_user,
            )
        url = f"postgres://postgres@127.0.0.1:{port}"
        try:
            _wait(url)
            self.pids = (server.pid,)
            yield url
        finally:
            server.terminate()
            server.wait(60)


DATABASES = {"sqlite": Sqlite(), "postgres": Postgres()}


def prepare(database: str, count: int, *, check: bool) -> None:
    """Have the seed of that size, for a run to find it."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    try:
        with DATABASES[database].seeded(count, folder / "hub", check):
            pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(kept: Path):
    """One run at a time on what is kept of a size: another one would empty it, and
    SQLite answers "disk I/O error" where its folder is removed under it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _brought_up(mark: Path, count: int, environment: dict, emptied) -> None:
    """Seed what is missing, as far as ``mark`` remembers what there is.

    emptied: makes room for rows where those that stand are of no use.
    """
    rows, search = fingerprints()
    wanted = {"rows": rows, "search": search, "tables": _migrations()}
    made = _noted(mark)
    if made.items() >= wanted.items():
        return
    print(f"Seeding {count:,} functions, once:", flush=True)
    quiet = {"stdout": subprocess.DEVNULL}
    if made.get("rows") != rows:
        mark.unlink(missing_ok=True)
        emptied()
        made = {}
        Path(environment["HUB_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
        _run(["manage.py", "prepare_hub"], environment, **quiet)
    _run(["manage.py", "migrate"], environment, **quiet)
    for part in ("rows", "search"):
        if made.get(part) != wanted[part]:
            took = _seeding(count, part, environment)
            made |= {part: wanted[part], "seconds": _seconds(made) | {part: took}}
            mark.write_text(json.dumps(made))
    mark.write_text(json.dumps(made | wanted))


def _mark(database: str, count: int) -> Path:
    """Where it is noted what a seed was made of, and how long that took."""
    return KEPT / f"{database}-{count}.json"


def _noted(mark: Path) -> dict:
    return json.loads(mark.read_text()) if mark.exists() else {}


def _seconds(made: dict) -> dict[str, float]:
    return made.get("seconds", {})


def seed_seconds(database: str, count: int) -> dict[str, float]:
    """How long the parts of a seed took: "rows" and "search", and "check" if it was."""
    return _seconds(_noted(_mark(database, count)))


def _seeding(count: int, part: str, environment: dict) -> float:
    """The seconds that one part took."""
    began = time.monotonic()
    _run(["-m", "bench.seeding", str(count), f"--{part}"], environment)
    return time.monotonic() - began


def _migrations() -> list[str]:
    return sorted(path.name for path in ROOT.glob("*/migrations/0*.py"))


def verify(mark: Path, count: int, environment: dict) -> None:
    """Raises CalledProcessError, with the faults printed, where there are any."""
    took = _seeding(count, "check", environment)
    made = _noted(mark)
    mark.write_text(json.dumps(made | {"seconds": _seconds(made) | {"check": took}}))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(folder: Path, url: str = "") -> dict:
    return {
        "HUB_DATA_DIR": str(folder),
        "DATABASE_URL": url or f"sqlite:///{folder / 'hub.sqlite3'}",
        "SEED_DEMO": "0",
    }


def _run(args: list[str], environment: dict, **options) -> None:
    command = [sys.executable, *args]
    given = os.environ | environment
    subprocess.run(command, cwd=ROOT, env=given, check=True, **options)


def _wait(url: str) -> None:
    import psycopg

    for _ in range(300):
        try:
            psycopg.connect(f"{url}/postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError(f"PostgreSQL did not start; see its log in {KEPT}")


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(statement)
