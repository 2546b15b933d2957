"""Verdaccio, the npm registry of the same size of job, measured in the same run.

Installed from npm into the cache folder of the benchmarks, where npm is there.
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
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.databases import KEPT, free_port
from bench.measuring import Load, fetch, in_turn, measure

VERSION = "6.1.2"  # runs on Node 18 and 20
PACKAGE = {
    "private": True,
    "dependencies": {"verdaccio": VERSION},
    # It asks for this by a tag, which a mirror of npm may not have.
    "overrides": {"node-fetch": "2.6.7"},
}
PACKAGES, QUICK_PACKAGES = 150, 30
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
# Or it hashes the password anew for each publish, which takes 86 ms.
security:
  api:
    jwt:
      sign: {{expiresIn: 1d}}
log: {{type: stdout, format: pretty, level: fatal}}
userRateLimit: {{windowMs: 1000, max: 100000}}
"""


@dataclass
class Peer:
    url: str
    pids: list[int]
    token: str

    def publish(self, number: int) -> None:
        """One package with a tarball of 3 KB."""
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
        status, said = _call(self.url, "PUT", f"/{name}", body, self.token)
        assert status == 201, f"Verdaccio answered {status}: {said}"

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
    """A Peer; None where there is no npm."""
    program = _installed()
    if program is None:
        yield None
        return
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG.format(folder=folder))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [program, "--config", folder / "config.yaml", "--listen", url]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=os.environ | {"HOME": str(folder)}
    )
    try:
        if not _answers(url, server):
            print("Verdaccio did not start; it is left out.")
            yield None
            return
        user = {"name": "bench", "password": "correct horse battery"}
        _, said = _call(url, "PUT", "/-/user/org.couchdb.user:bench", user, "")
        yield Peer(url, [server.pid], said["token"])
    finally:
        server.terminate()
        server.wait(30)


def measured(peer: Peer, pace: dict, quick: bool) -> dict:
    """key -> Measured: publish at 1 and 8 clients, then what readers ask."""
    count = QUICK_PACKAGES if quick else PACKAGES
    found = {
        "publish_1": in_turn(peer.publish, count, 1, peer.pids),
        "publish_8": in_turn(
            lambda number: peer.publish(count + number), count, 8, peer.pids
        ),
    }
    path = ("/bench-1",)
    loads = {
        "manifest": Load("Verdaccio, manifest", path),
        "manifest_304": Load("Verdaccio, 304", path, {}, 304),
        "search": Load("Verdaccio, search", ("/-/v1/search?text=bench-1&size=20",)),
    }
    for key, load in loads.items():
        found[key] = measure(load, peer.url, peer.pids, **pace)
    return found


def _installed() -> Path | None:
    npm = shutil.which("npm")
    folder = KEPT / f"verdaccio-{VERSION}"
    program = folder / "node_modules" / ".bin" / "verdaccio"
    if npm and not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps(PACKAGE))
        command = [npm, "install", "--prefix", folder, "--no-audit", "--no-fund"]
        made = subprocess.run(command)
        if made.returncode:
            print("Verdaccio could not be installed; it is left out.")
    return program if program.exists() else None


def _call(url: str, method: str, path: str, body: dict, token: str):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    said = json.loads(answer.read() or b"null")
    connection.close()
    return answer.status, said


def _answers(url: str, server: subprocess.Popen) -> bool:
    for _ in range(300):
        try:
            fetch(url, "/-/ping")
            return True
        except OSError:
            if server.poll() is not None:
                return False
            time.sleep(0.1)
    return False
