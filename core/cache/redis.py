"""Redis as Django's cache, forgetting what it holds rather than failing.

While it doesn't answer, nothing is found and nothing is kept: pages are made anew and
limits are not counted, but the Hub goes on. See docs/scaling.md, "Redis".
"""

import logging
import time
from collections.abc import Callable
from functools import wraps

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

SILENT_SECONDS = 1  # not asked again for so long after it did not answer
OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 1}  # seconds

log = logging.getLogger(__name__)
_silent_until = 0.0


def _forgiving(name: str, instead: Callable):
    method = getattr(RedisCache, name)

    @wraps(method)
    def wrapped(self, key, *args, **kwargs):
        global _silent_until
        if time.monotonic() >= _silent_until:
            try:
                return method(self, key, *args, **kwargs)
            except RedisError as error:
                _silent_until = time.monotonic() + SILENT_SECONDS
                log.warning("Redis does not answer: %s", error)
        return instead(key, *args, **kwargs)

    return wrapped


def _missing(key, *args, **kwargs):
    raise ValueError(f"{key} is not in the cache")


class SharedCache(RedisCache):
    """As RedisCache, with short time-outs, and empty while Redis is not there."""

    def __init__(self, server, params):
        params["OPTIONS"] = (
            OPTIONS | {"retry": Retry(NoBackoff(), 1)} | params.get("OPTIONS", {})
        )
        super().__init__(server, params)

    get = _forgiving("get", lambda key, default=None, version=None: default)
    get_many = _forgiving("get_many", lambda keys, version=None: {})
    has_key = _forgiving("has_key", lambda key, version=None: False)
    add = _forgiving("add", lambda *args, **kwargs: False)
    set = _forgiving("set", lambda *args, **kwargs: None)
    set_many = _forgiving("set_many", lambda data, *args, **kwargs: list(data))
    touch = _forgiving("touch", lambda *args, **kwargs: False)
    delete = _forgiving("delete", lambda *args, **kwargs: False)
    delete_many = _forgiving("delete_many", lambda *args, **kwargs: None)
    incr = _forgiving("incr", _missing)
