"""Seeded registries: made once per database and size, and kept for later runs.

A run gets a copy. Registries of more than COPIED_FUNCTIONS are measured in place,
because a copy takes too long; what a run publishes stays in those.
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
from functools import partial
from pathlib import Path

from bench.seeding import fingerprints

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(tempfile.gettempdir()) / "aerostack-hub-bench"
COPIED_FUNCTIONS = 100_000  # at most
POSTGRES = Path("/usr/lib/postgresql/15/bin")
# As docs/self-hosting.md advises for a small machine. Commits wait for the disk.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": 60,
}


class Sqlite:
    """One folder per size."""

    name = "sqlite"
    pids: tuple[int, ...] = ()  # of servers of its own

    @contextmanager
    def seeded(self, count: int, folder: Path, check: bool):
        """The environment variables of a Hub with ``count`` functions."""
        kept = KEPT / f"sqlite-{count}"
        with _locked(kept):
            environment = _environment(kept)
            empty = partial(shutil.rmtree, kept, ignore_errors=True)
            _update_seed(self.name, count, environment, empty, check)
            if count <= COPIED_FUNCTIONS:
                folder.mkdir(parents=True, exist_ok=True)
                for name in ("hub.sqlite3", "secret_key"):
                    shutil.copyfile(kept / name, folder / name)
                environment = _environment(folder)
            yield environment


class Postgres:
    """One cluster per size. Its database "seed" is the template of the copies."""

    name = "postgres"
    pids: tuple[int, ...] = ()

    @contextmanager
    def seeded(self, count: int, folder: Path, check: bool):
        """The environment variables of a Hub with ``count`` functions."""
        with _locked(KEPT / f"postgres-{count}"), self._cluster(count) as url:
            environment = _environment(folder, f"{url}/seed")
            empty = partial(_make_database, url, "seed")
            _update_seed(self.name, count, environment, empty, check)
            if count <= COPIED_FUNCTIONS:
                _make_database(url, "run", template="seed")
                environment = _environment(folder, f"{url}/run")
            _execute(url, "CHECKPOINT")
            yield environment
            _execute(url, "DROP DATABASE IF EXISTS run WITH (FORCE)")

    @contextmanager
    def _cluster(self, count: int):
        data, port = KEPT / f"postgres-{count}", free_port()
        as_user = {"user": "postgres", "group": "postgres"} if not os.geteuid() else {}
        if not (data / "PG_VERSION").exists():
            _mark(self.name, count).unlink(missing_ok=True)
            data.mkdir(parents=True, exist_ok=True)
            if as_user:
                shutil.chown(data, **as_user)
            command = [POSTGRES / "initdb", "-D", data, "-U", "postgres", "-A", "trust"]
            quiet = {"stdout": subprocess.DEVNULL, "cwd": data}
            subprocess.run([*command, "-E", "UTF8"], check=True, **quiet, **as_user)
        options = [f"-c{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        with data.with_suffix(".log").open("w") as log:
            server = subprocess.Popen(
                [POSTGRES / "postgres", "-D", data, f"-p{port}", *options],
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
    """Make the seed of that size, if there is none yet."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    try:
        with DATABASES[database].seeded(count, folder / "hub", check):
            pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(kept: Path):
    """Let one run at a time use a seed, because another one might empty it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _update_seed(database, count: int, environment: dict, empty, check: bool) -> None:
    """Make what is missing of a seed. A file beside it notes what was made.

    empty: makes room for new rows.
    check: verify the seed, too.

    Raises CalledProcessError, with the faults printed, when they are wrong.
    """
    mark = _mark(database, count)
    made = json.loads(mark.read_text()) if mark.exists() else {}
    rows, search = fingerprints()
    wanted = {"rows": rows, "search": search, "tables": _migrations()}
    if made != wanted:
        print(f"Seeding {count:,} functions, once:", flush=True)
        if made.get("rows") != rows:
            mark.unlink(missing_ok=True)
            empty()
            made = {}
            Path(environment["HUB_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
            _run(["manage.py", "prepare_hub"], environment, stdout=subprocess.DEVNULL)
        _run(["manage.py", "migrate"], environment, stdout=subprocess.DEVNULL)
        for part in ("rows", "search"):
            if made.get(part) != wanted[part]:
                _run(["-m", "bench.seeding", str(count), f"--{part}"], environment)
                made[part] = wanted[part]
                mark.write_text(json.dumps(made))
        mark.write_text(json.dumps(wanted))
    if check:
        _run(["-m", "bench.seeding", str(count), "--check"], environment)


def _mark(database: str, count: int) -> Path:
    return KEPT / f"{database}-{count}.json"


def _migrations() -> list[str]:
    return sorted(path.name for path in ROOT.glob("*/migrations/0*.py"))


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
    command, environment = [sys.executable, *args], os.environ | environment
    subprocess.run(command, cwd=ROOT, env=environment, check=True, **options)


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


def _make_database(url: str, name: str, template: str = "template1") -> None:
    """An empty database, or a copy of ``template``, in the place of the last one."""
    _execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    _execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")
