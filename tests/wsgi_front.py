"""Asking Django as a server would, as one of several processes."""

from io import BytesIO

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler


def process(max_bytes: int = 2**24) -> WSGIHandler:
    """One more process of the Hub: a handler with a page cache of its own, of so many
    bytes; none with 0. All share the version counters."""
    before = settings.PAGE_CACHE_BYTES
    settings.PAGE_CACHE_BYTES = max_bytes
    try:
        return WSGIHandler()
    finally:
        settings.PAGE_CACHE_BYTES = before


def ask(application, path, query="", method="GET", **environ):
    """(status, headers, body) of one request."""
    said = []
    asked = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
        **environ,
    }
    answer = application(asked, lambda *given: said.append(given))
    content = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return said[-1][0], dict(said[-1][1]), content
