"""Seeded registries to measure: made once per size, kept, and copied for each run."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(tempfile.gettempdir()) / "aerostack-hub-bench"
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
        """A copy of the registry of ``count`` functions, as environment variables."""
        kept = KEPT / f"sqlite-{count}-{fingerprint()}"
        if not (kept / "done").exists():
            shutil.rmtree(kept, ignore_errors=True)
            seed(count, _environment(kept))
            (kept / "done").touch()
        if check:
            verify(count, _environment(kept))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept / "hub.sqlite3", folder / "hub.sqlite3")
        shutil.copyfile(kept / "secret_key", folder / "secret_key")
        yield _environment(folder)


class Postgres:
    """A cluster of our own; one database per size is the template of the copies."""

    name = "postgres"

    @contextmanager
    def seeded(self, count: int, folder: Path, check: bool):
        with self._cluster() as url:
            kept = f"seed_{count}_{fingerprint()}"
            mark = KEPT / f"postgres-{kept}"
            if not mark.exists():
                _execute(url, f"DROP DATABASE IF EXISTS {kept} WITH (FORCE)")
                _execute(url, f"CREATE DATABASE {kept}")
                seed(count, _environment(folder, f"{url}/{kept}"))
                mark.touch()
            if check:
                verify(count, _environment(folder, f"{url}/{kept}"))
            _execute(url, "DROP DATABASE IF EXISTS run WITH (FORCE)")
            _execute(url, f"CREATE DATABASE run TEMPLATE {kept}")
            _execute(url, "CHECKPOINT")
            yield _environment(folder, f"{url}/run")
            _execute(url, "DROP DATABASE IF EXISTS run WITH (FORCE)")

    @contextmanager
    def _cluster(self):
        data, port = KEPT / "postgres", free_port()
        as_user = {"user": "postgres", "group": "postgres"} if not os.geteuid() else {}
        if not (data / "PG_VERSION").exists():
            for mark in KEPT.glob("postgres-seed_*"):
                mark.unlink()
            data.mkdir(parents=True, exist_ok=True)
            if as_user:
                shutil.chown(data, **as_user)
            command = [POSTGRES / "initdb", "-D", data, "-U", "postgres", "-A", "trust"]
            quiet = {"stdout": subprocess.DEVNULL, "cwd": data}
            subprocess.run([*command, "-E", "UTF8"], check=True, **quiet, **as_user)
        given = [f"-c{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        with (KEPT / "postgres.log").open("w") as log:
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


def seed(count: int, environment: dict) -> None:
    """Make the tables and fill them."""
    Path(environment["HUB_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    print(f"Seeding {count:,} functions, once:", flush=True)
    _run(["manage.py", "prepare_hub"], environment, stdout=subprocess.DEVNULL)
    _run(["-m", "bench.seeding", str(count)], environment)


def verify(count: int, environment: dict) -> None:
    """Raises CalledProcessError, with the faults printed, where there are any."""
    _run(["-m", "bench.seeding", str(count), "--check"], environment)


def fingerprint() -> str:
    """Changes with what is seeded and with the tables there are."""
    migrations = sorted(path.name for path in ROOT.glob("*/migrations/0*.py"))
    digest = hashlib.sha256(" ".join(migrations).encode())
    for name in ("seeding.py", "words.py"):
        digest.update((ROOT / "bench" / name).read_bytes())
    return digest.hexdigest()[:8]


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
    raise TimeoutError(f"PostgreSQL did not start; see {KEPT / 'postgres.log'}")


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(statement)
