"""gunicorn's settings. The workers are our own: threads that never wait for a client
(core/http/worker.py)."""

import os

# Reads .env. Not "import config": gunicorn has a setting of that name.
from config.env import env as _env  # noqa: F401

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "core.http.worker.Worker"
# Of each worker. More are no faster (docs/performance.md), and each has a connection to
# the database.
threads = 8
worker_connections = 400  # of each worker; one more, and the slowest is closed
timeout = 30  # seconds: for a request to arrive, and to be answered
graceful_timeout = 20
keepalive = 0  # one connection is one request
sendfile = False  # answers are sent by the main loop, if the client is slow
# Load the code before forking, so that workers share its memory. New code therefore
# needs a restart; HUP restarts workers with the old code.
preload_app = True
forwarded_allow_ips = os.environ.get("TRUSTED_PROXIES") or "127.0.0.1,::1"
# By default gunicorn takes SCRIPT_NAME and PATH_INFO from headers; a client could then
# choose the prefix of all links.
forwarder_headers = ""
limit_request_line = 8190
limit_request_field_size = 8190
control_socket_disable = True


def when_ready(server):
    """Before forking: close database connections, and freeze the garbage collector so
    that workers keep sharing memory."""
    import gc
    import sys

    from django.db import connections

    from registry.content import sandbox

    try:
        sandbox.prepare()
    except sandbox.Unconfined as error:
        sys.exit(f"The Hub does not start: {error}")
    connections.close_all()
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """Finish what a killed process may have left undone: making cached pages stale
    after its commit, and rendering and inspecting published versions."""
    from core.cache import versions
    from registry.content import derived

    versions.bump(versions.EVERYTHING)
    derived.catch_up()
