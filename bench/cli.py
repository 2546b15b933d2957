"""What the `aerostack` command costs: the CPU time of whole processes.

    python -m bench.cli [RUNS]

It measures `--help` and `functions status` with 100 installed functions, offline and
with a small Hub inside this script. It prints the median and the highest of RUNS
(default 9), and ends with 1 where a median is above its limit.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FUNCTIONS = 100
FILES_EACH = 3
FILE_BYTES = 4096
# The limits of the medians.
MOST_MS = {"help": 150, "status": 400}


class Hub(BaseHTTPRequestHandler):
    """Answer every request with a list of one version."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        item = {"version": "1.0.0", "yanked": False, "deprecated": False}
        body = json.dumps({"versions": [item]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def make_project(root: Path, hub_url: str) -> None:
    """Make a project with FUNCTIONS unchanged installs from ``hub_url``."""
    from aerostack_cli.lockfile import Installed, default_directory, write_lock
    from aerostack_cli.snapshot import integrity_of, sha256

    entries = {}
    for number in range(FUNCTIONS):
        slug = f"function-{number:03}"
        directory = root / default_directory(slug)
        directory.mkdir(parents=True)
        hashes = {}
        for name in [f"file{n}.ts" for n in range(FILES_EACH)]:
            data = (f"// {slug} {name}\n" * FILE_BYTES)[:FILE_BYTES].encode()
            (directory / name).write_bytes(data)
            hashes[name] = sha256(data)
        entries[slug] = Installed(
            slug=slug,
            author="alice",
            hub=hub_url,
            version="1.0.0",
            integrity=integrity_of(hashes),
            directory=default_directory(slug),
            files=hashes,
        )
    (root / "aerostack.lock").write_text(write_lock(entries))


def cpu_ms(args: list[str], folder: Path) -> float:
    """CPU milliseconds, user and system, of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "aerostack_cli", *args],
        cwd=folder,
        env=os.environ | {"AEROSTACK_CONFIG_DIR": str(folder)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1000


def main(runs: int) -> int:
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    hub.daemon_threads = True
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    measured = [
        ("aerostack --help", ["--help"], "help"),
        ("functions status --offline", ["functions", "status", "--offline"], "status"),
        ("functions status", ["functions", "status"], "status"),
    ]
    slow = 0
    print(f"{'CPU ms':32} {'median':>8} {'highest':>8} {'at most':>8}")
    with tempfile.TemporaryDirectory() as folder:
        make_project(Path(folder), f"http://127.0.0.1:{hub.server_port}")
        for label, args, limit in measured:
            times = [cpu_ms(args, Path(folder)) for _ in range(runs)]
            middle = statistics.median(times)
            slow += middle > MOST_MS[limit]
            print(f"{label:32} {middle:8.0f} {max(times):8.0f} {MOST_MS[limit]:8}")
    hub.shutdown()
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
