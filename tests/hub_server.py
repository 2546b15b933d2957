"""A real Hub for tests: gunicorn with its own database, which tests start and kill."""

import atexit
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


class HubServer:
    """A Hub on a free port of 127.0.0.1, with its data in ``folder``."""

    def __init__(self, folder: Path, **environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.database = _own_database()
        self.environment = os.environ | {
            "HUB_DATA_DIR": str(folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "HUB_URL": f"http://localhost:{self.port}",
            "SEED_DEMO": "0",
            "RATE_LIMITS": "0",
            "WEB_CONCURRENCY": "2",
            **({"DATABASE_URL": self.database} if self.database else {}),
            **environment,
        }
        self.process: subprocess.Popen | None = None

    def __enter__(self):
        if "DATABASE_URL" not in self.environment and self.folder.exists():
            shutil.copytree(_prepared(), self.folder, dirs_exist_ok=True)
        self.manage("prepare_hub")
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()
        _drop_database(self.database)

    def manage(self, *args: str, given: str = "") -> str:
        """The output of ``manage.py args``."""
        made = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=True,
        )
        return made.stdout.strip()

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
        self.process = subprocess.Popen(
            [*command, "--log-level", "warning", "config.wsgi:application"],
            cwd=ROOT,
            env=self.environment,
            start_new_session=True,
        )
        wait_for(f"{self.url}/healthz")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def kill(self) -> None:
        """Send SIGKILL to the master and every worker, as in a power cut."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def account(self, username: str = "alice") -> str:
        """Make an account and return a key of it."""
        email = f"{username}@example.com"
        self.manage(
            "create_account",
            username,
            "--email",
            email,
            "--password-stdin",
            given="correct horse battery\n",
        )
        return self.manage("create_key", username)

    def call(self, method: str, path: str, data=None, key: str = ""):
        """(status, JSON) of one request."""
        request = urllib.request.Request(self.url + path, method=method)
        if key:
            request.add_header("X-API-Key", key)
        if data is not None:
            request.data = json.dumps(data).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@cache
def _prepared() -> Path:
    """A data folder with a migrated SQLite file and static files, made once: it takes
    seconds. The secret key is every Hub's own."""
    folder = Path(tempfile.mkdtemp(prefix="hub-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    HubServer(folder).manage("prepare_hub")
    (folder / "secret_key").unlink()
    return folder


def wait_for(url: str) -> None:
    """Wait until ``url`` answers 200."""
    for _ in range(START_SECONDS * 10):
        if _answers(url):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no answer from {url}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _own_database() -> str:
    """The URL of a new database on the server of DATABASE_URL; "" for SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        return ""
    name = f"hub_server_{secrets.token_hex(4)}"
    _execute(url, f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + "/" + name


def _drop_database(own: str) -> None:
    if own:
        name = own.rpartition("/")[2]
        _execute(
            os.environ["DATABASE_URL"], f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        )


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
