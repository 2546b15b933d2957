"""What the Hub is compared with in the same run: a constant Django view, one row by
its key, and nginx with the very bytes and headers that the Hub answers as files."""

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
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 10000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
        gzip_static on;
        {locations}
    }}
}}
"""
# What nginx says by itself of a file.
OWN_HEADERS = {"date", "server", "connection", "content-type", "content-length"}
OWN_HEADERS |= {"etag", "content-encoding", "last-modified", "x-accel-expires"}


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
def static_files(folder: Path, answers: dict[str, tuple[dict, bytes]]):
    """(address, pids) of nginx that serves ``answers`` as files.

    answers: file name -> (headers, body). Each has a compressed copy, which is sent
    where the client takes it, and the same headers as the answer.
    """
    from tests.nginx_proxy import NGINX

    for name, (_, data) in answers.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(data, 5))
    locations = "\n".join(_location(name, said) for name, (said, _) in answers.items())
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(STATIC.format(folder=folder, port=port, locations=locations))
    orders = "daemon off;" + ("" if os.geteuid() else " user root;")
    server = subprocess.Popen([NGINX, "-p", folder, "-c", config, "-g", orders])
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, f"/{next(iter(answers))}")
        yield url, [server.pid]
    finally:
        server.terminate()
        server.wait(30)


def _location(name: str, headers: dict[str, str]) -> str:
    said = [
        f'add_header {header} "{value}";'
        for header, value in headers.items()
        if header.lower() not in OWN_HEADERS
    ]
    given = f'types {{}} default_type "{headers["Content-Type"]}";'
    return f"location = /{name} {{ {given} {' '.join(said)} }}"


def _wait(url: str, path: str) -> None:
    for _ in range(300):
        try:
            fetch(url, path)
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {url}")
