"""PostgreSQL servers for a test: a primary and its streaming standbys."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.hub_server import free_port

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
AS_USER = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "log_statement": "all",
    "max_connections": "50",
}
START_SECONDS = 30


class Server:
    """A server on a free port, in a temporary folder, that logs every statement."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
        if AS_USER:
            shutil.chown(self.folder, **AS_USER)
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.port = free_port()
        self.url = f"postgres://hub@127.0.0.1:{self.port}/postgres"
        self.process: subprocess.Popen | None = None

    def initialise(self) -> None:
        """Create the data folder of a primary."""
        options = ["-U", "hub", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "--no-sync", "-D", self.data, *options)

    def follow(self, primary: "Server") -> None:
        """Create the data folder of a standby. ``primary`` must be running."""
        options = ["-R", "-X", "stream", "-c", "fast", "--no-sync"]
        self._run("pg_basebackup", "-D", self.data, "-d", primary.url, *options)

    def start(self) -> None:
        given = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = [PROGRAMS.with_name("postgres"), "-D", self.data, f"-p{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *given], stderr=log, cwd=self.folder, **AS_USER
            )
        for _ in range(START_SECONDS * 20):
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise TimeoutError(self.log.read_text())

    def stop(self) -> None:
        """Stop at once, without a checkpoint; connections break."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, statement: str) -> tuple | None:
        """The first row of the result, or None."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchone() if cursor.description else None

    def was_asked(self, text: str) -> bool:
        """Whether a logged statement contains ``text``."""
        return text in self.log.read_text(errors="replace")

    def _run(self, program: str, *args) -> None:
        command = [PROGRAMS.with_name(program), *args]
        subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, **AS_USER
        )
