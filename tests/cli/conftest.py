"""The scene of the command's tests: a project folder, a Hub, the command."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from aerostack_cli.main import run

from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub
from tests.hub_server import HubServer

KEY = "ac_secret_0123456789abcdefghijABCDEFGHIJ012345678901"


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def hub():
    hub = ScriptedHub()
    yield hub
    hub.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without logins, whose environment names no Hub."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("AEROSTACK_CONFIG_DIR", str(home))
    for name in ("AEROSTACK_API_URL", "AEROSTACK_API_KEY", "AEROSTACK_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project, and the current folder."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def aerostack(home, project, capfd):
    """Run the command in this process: ``aerostack("functions", "status")``."""

    def command(*args):
        capfd.readouterr()
        status = run([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return Result(int(status), out, err)

    return command


@pytest.fixture
def process(home, project):
    """Run the command as a process of its own."""

    def command(*args, stdin="", env=None, cwd=None):
        done = subprocess.run(
            [sys.executable, "-m", "aerostack_cli", *map(str, args)],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            timeout=60,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def on_hub(hub, monkeypatch):
    """The scripted Hub is the one commands use, with a key."""
    monkeypatch.setenv("AEROSTACK_API_URL", hub.url)
    monkeypatch.setenv("AEROSTACK_API_KEY", KEY)
    return hub


@pytest.fixture
def evil(on_hub, project):
    """A Hub whose install manifest a test spoils, asked by a project of its own."""
    (project / "mine.ts").write_text("mine")

    def serve(answer):
        on_hub.answers["GET", f"{FUNCTIONS}/alice/tool/install"] = answer
        return on_hub

    return serve


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Retries follow each other at once."""
    monkeypatch.setattr("aerostack_cli.client.ATTEMPT_SECONDS", 0)


@pytest.fixture(autouse=True)
def no_log_lines(caplog):
    """The Hub's settings, loaded for all tests, would log requests to stderr."""
    caplog.set_level("WARNING", logger="httpx2")


def tree(root: Path) -> dict:
    """Every file below ``root`` with its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def write_function(folder: Path, *, files=None, **fields) -> Path:
    """An author's function: aerostack.json and sources."""
    content = {
        "name": "image-resizer",
        "version": "1.0.0",
        "description": "Resizes images.",
        "category": "media",
        "language": "typescript",
        "runtime": "cloudflare-worker",
        "license": "MIT",
        "entrypoint": "index.ts",
        **fields,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "aerostack.json").write_text(json.dumps(content, indent=2))
    for name, text in (files or {"index.ts": "export const x = 1;\n"}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


ROOT = Path(__file__).resolve().parents[2]


@dataclass
class RealHub:
    """The product itself, in processes of its own; ``keys`` by username."""

    url: str
    keys: dict


@pytest.fixture(scope="session")
def real_hub(tmp_path_factory):
    """The real server with two accounts, once for all tests."""
    folder = tmp_path_factory.mktemp("hub")
    with HubServer(folder, WEB_CONCURRENCY="1") as server:
        keys = {name: server.account(name) for name in ("alice", "bob")}
        yield RealHub(server.environment["HUB_URL"], keys)
