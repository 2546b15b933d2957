"""nginx with deploy/nginx.conf in front of a test server."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


class NginxProxy:
    """nginx on a free port of 127.0.0.1, with its files in ``folder``."""

    def __init__(self, folder: Path, upstream: str, static: Path):
        self.folder, self.port = folder, _free_port()
        self.url = f"http://localhost:{self.port}"
        folder.mkdir(parents=True, exist_ok=True)
        filled = (ROOT / "deploy" / "nginx.conf").read_text()
        for name, value in {
            "RUN": folder,
            "UPSTREAM": upstream,
            "LISTEN": f"127.0.0.1:{self.port}",
            "NAME": "localhost",
            "STATIC": static,
            "CONNECTIONS": 100,
        }.items():
            filled = filled.replace(f"@{name}@", str(value))
        self.config = folder / "nginx.conf"
        self.config.write_text(filled)

    def __enter__(self):
        command = [NGINX, "-p", self.folder, "-c", self.config, "-g", "daemon off;"]
        # Started by root, nginx would run its workers as a user that can't read the
        # folder.
        if os.geteuid() == 0:
            command[-1] += " user root;"
        self.process = subprocess.Popen(command)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("nginx did not start")

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
