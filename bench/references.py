"""The references: a constant Django view, and nginx with the Hub's answers as files."""

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
# nginx sets these headers of a file by itself.
OWN_HEADERS = {"date", "server", "connection", "content-type", "content-length"}
OWN_HEADERS |= {"etag", "content-encoding", "last-modified", "x-accel-expires"}


@contextmanager
def constant_view():
    """(address, pids) of bench/constant.py, under gunicorn as the Hub runs it."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-w2", f"-b127.0.0.1:{port}"]
    command += ["-kcore.http.worker.Worker", "--threads=8", "--keep-alive=0"]
    command += ["--log-level", "warning", "--no-control-socket"]
    server = subprocess.Popen(
        [*command, "bench.constant:application"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "bench.constant"},
    )
    with _running(server, f"http://127.0.0.1:{port}", "/constant") as url:
        yield url, (server.pid,)


@contextmanager
def static_files(folder: Path, answers: dict[str, tuple[dict, bytes]]):
    """(address, pids) of an nginx that serves ``answers`` as files.

    answers: (headers, body) by file name. nginx sends the same headers, and a
    compressed copy to clients that take it.
    """
    from tests.nginx_proxy import NGINX

    for name, (_, body) in answers.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        path.with_name(f"{name}.gz").write_bytes(gzip.compress(body, 5))
    locations = "\n".join(_location(name, head) for name, (head, _) in answers.items())
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(STATIC.format(folder=folder, port=port, locations=locations))
    # As root, nginx would hand its workers to a user that can't read the folder.
    directives = "daemon off;" + ("" if os.geteuid() else " user root;")
    server = subprocess.Popen([NGINX, "-p", folder, "-c", config, "-g", directives])
    first = f"/{next(iter(answers))}"
    with _running(server, f"http://127.0.0.1:{port}", first) as url:
        yield url, (server.pid,)


def _location(name: str, headers: dict[str, str]) -> str:
    added = [
        f'add_header {header} "{value}";'
        for header, value in headers.items()
        if header.lower() not in OWN_HEADERS
    ]
    kind = f'types {{}} default_type "{headers["Content-Type"]}";'
    return f"location = /{name} {{ {kind} {' '.join(added)} }}"


@contextmanager
def _running(server: subprocess.Popen, url: str, path: str):
    """``url`` as soon as the server answers ``path``; stop the server afterwards."""
    try:
        for _ in range(300):
            try:
                fetch(url, path)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise TimeoutError(f"no answer from {url}")
        yield url
    finally:
        server.terminate()
        server.wait(30)
