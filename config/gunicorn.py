"""How gunicorn runs the Hub. Workers are sync: threads would save the connections of
clients that ask again, but what hangs in one is not stopped after ``timeout`` seconds
(docs/performance.md, "Where the time of a kept answer goes")."""

import os

# Reads .env; "import config" would name one of gunicorn's own settings.
from config.env import env as _env  # noqa: F401

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "sync"
timeout = 30
graceful_timeout = 20
keepalive = 5
# Loaded once, before the workers fork: they share what they don't change. New code
# therefore takes a restart; HUP restarts the workers of the old one.
preload_app = True
forwarded_allow_ips = os.environ.get("TRUSTED_PROXIES") or "127.0.0.1,::1"
# Else SCRIPT_NAME and PATH_INFO may be headers: whoever sent one past a proxy chose
# what all links of a page begin with.
forwarder_headers = ""
limit_request_line = 8190
limit_request_field_size = 8190
control_socket_disable = True


def when_ready(server):
    """Everything is loaded: leave it out of what the workers' garbage collectors write
    to, and take no connection across the fork."""
    import gc

    from django.db import connections

    from registry.content import sandbox

    sandbox.prepare()
    connections.close_all()
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """Do what a process that died may have left undone: making answers stale after a
    commit, and deriving from what was published."""
    from core.cache import versions
    from registry.content import derived

    versions.bump(versions.EVERYTHING)
    derived.catch_up()
