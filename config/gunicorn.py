"""gunicorn's settings. Workers are sync: with threads, clients could keep their
connections, but a hanging request would not be stopped after ``timeout`` seconds."""

import os

# Reads .env. Not "import config": gunicorn has a setting of that name.
from config.env import env as _env  # noqa: F401

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "sync"
timeout = 30
graceful_timeout = 20
keepalive = 5
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
