"""What the Hub is compared with in the same run: a constant Django view, one row by
its key, and nginx with the very bytes that the Hub answers as files."""

import gzip
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from bench.databases import ROOT, free_port
from bench.measuring import fetch

STATIC = """
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    types {{ application/json json; text/html html; text/plain txt; }}
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
        gzip_static on;
        add_header Cache-Control "public, no-cache";
    }}
}}
"""


@contextmanager
def constant_view(environment: dict):
    """(address, pids) of bench/constant.py under gunicorn as the Hub runs it."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-w2", f"-b127.0.0.1:{port}"]
    command += ["--log-level", "warning", "--no-control-socket"]
    server = subprocess.Popen(
        [*command, "bench.constant:application"],
        cwd=ROOT,
        env=os.environ | environment | {"DJANGO_SETTINGS_MODULE": "bench.constant"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, "/constant")
        yield url, [server.pid]
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def static_files(folder: Path, files: dict[str, bytes]):
    """(address, pids) of nginx that serves ``files``, each with a compressed copy."""
    from tests.nginx_proxy import NGINX

    for name, data in files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(data, 5))
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(STATIC.format(folder=folder, port=port))
    orders = "daemon off;" + ("" if os.geteuid() else " user root;")
    server = subprocess.Popen([NGINX, "-p", folder, "-c", config, "-g", orders])
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, f"/{next(iter(files))}")
        yield url, [server.pid]
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str, path: str) -> None:
    for _ in range(300):
        try:
            fetch(url, path)
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {url}")
