"""Verdaccio: an npm registry that does a job of the same size, as a reference.

It is installed from npm, once, into the folder of the seeds.
"""

import base64
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from bench.databases import KEPT, free_port
from bench.measuring import Load, Measured, Pace, fetch, measure, one_by_one

VERSION = "6.1.2"  # runs on Node 18 and 20
PACKAGE = {
    "private": True,
    "dependencies": {"verdaccio": VERSION},
    # Verdaccio asks for it by a tag, which a mirror of npm may not have.
    "overrides": {"node-fetch": "2.6.7"},
}
CONFIG = """
storage: {folder}/storage
auth:
  htpasswd:
    file: {folder}/htpasswd
    max_users: 10
packages:
  '**':
    access: $all
    publish: $authenticated
web:
  enable: true
# Without tokens it hashes the password for each publish, which takes 86 ms.
security:
  api:
    jwt:
      sign: {{expiresIn: 1d}}
log: {{type: stdout, format: pretty, level: fatal}}
userRateLimit: {{windowMs: 1000, max: 100000}}
"""


@dataclass
class Peer:
    """A running Verdaccio and an account's token."""

    url: str
    pids: list[int]
    token: str

    def publish(self, number: int) -> None:
        """Publish one package with a tarball of 3 KB."""
        name = f"bench-{number}"
        data = hashlib.sha256(name.encode()).digest() * 96
        body = {
            "_id": name,
            "name": name,
            "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": self._version(name, data)},
            "_attachments": {
                f"{name}-1.0.0.tgz": {
                    "content_type": "application/octet-stream",
                    "data": base64.b64encode(data).decode(),
                    "length": len(data),
                }
            },
        }
        status, answer = _call(self.url, "PUT", f"/{name}", body, self.token)
        assert status == 201, f"Verdaccio answered {status}: {answer}"

    def _version(self, name: str, data: bytes) -> dict:
        return {
            "name": name,
            "version": "1.0.0",
            "description": "Adds forty-two to whatever it is given.",
            "readme": "Adds forty-two. " * 60,
            "dist": {
                "shasum": hashlib.sha1(data).hexdigest(),
                "tarball": f"{self.url}/{name}/-/{name}-1.0.0.tgz",
            },
        }


@contextmanager
def started(folder: Path):
    """A Peer. Raises OSError where Verdaccio can't be installed or started."""
    program = _installed()
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG.format(folder=folder))
    url = f"http://127.0.0.1:{free_port()}"
    command = [program, "--config", folder / "config.yaml", "--listen", url]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=os.environ | {"HOME": str(folder)}
    )
    try:
        _wait(url, server)
        user = {"name": "bench", "password": "correct horse battery"}
        _, answer = _call(url, "PUT", "/-/user/org.couchdb.user:bench", user, "")
        yield Peer(url, [server.pid], answer["token"])
    finally:
        server.terminate()
        server.wait(30)


def measured(peer: Peer, pace: Pace, count: int) -> dict[str, Measured]:
    """Publish ``count`` packages by one client, then read.

    No target compares the reads. Memory is compared, and a registry that was never
    read would have the less.
    """
    found = {"publish": one_by_one(peer.publish, range(count), peer.pids)}
    manifest = Load(("/bench-1",))
    loads = {
        "manifest": manifest,
        "manifest_304": replace(manifest, status=304),
        "search": Load(("/-/v1/search?text=bench-1&size=20",)),
    }
    for key, load in loads.items():
        found[key] = measure(load, peer.url, peer.pids, pace)
    return found


def _installed() -> Path:
    """The program, installed where it is not there yet."""
    folder = KEPT / f"verdaccio-{VERSION}"
    program = folder / "node_modules" / ".bin" / "verdaccio"
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise OSError("npm is missing")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps(PACKAGE))
        command = [npm, "install", "--prefix", folder, "--no-audit", "--no-fund"]
        subprocess.run(command, check=True)
    return program


def _wait(url: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        try:
            fetch(url, "/-/ping")
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise TimeoutError("Verdaccio did not start")


def _call(url: str, method: str, path: str, body: dict, token: str):
    """(status, JSON) of one request."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    content = json.loads(answer.read() or b"null")
    connection.close()
    return answer.status, content
