"""Pages made once before gunicorn's workers fork, so that they share what that takes.

Django reads templates, tags and middlewares when a page first needs them, and the SQL
and the frames of pages are made then. Made in each worker, that is memory of its own,
9 MB for each; and its first pages take a tenth of a second.
"""

import io
import logging
import sys
import time
from urllib.parse import unquote, urlsplit
from wsgiref.util import setup_testing_defaults

from django.conf import settings

from hub.fastpath import FastPath
from registry.models import VersionFile

LISTS = (
    "/",
    "/functions/",
    "/functions/?q=a+function",
    "/api/community/functions?limit=20",
    "/api/community/functions?search=a+function",
)
TIMES = 3  # by Django, which says the headers; in front of it; and again
MOST_SECONDS = 0.5  # a tenth is usual; a start doesn't wait for a database that is cold

log = logging.getLogger(__name__)


def warm_up(application: FastPath) -> None:
    """Make a page of each hot kind, and keep none. Nothing is counted or written.

    What goes wrong is logged: the Hub starts without its database too.
    """
    pages = application.keeping_nothing()
    until = time.monotonic() + MOST_SECONDS
    try:
        for address in [*LISTS, *_of_a_function()] * TIMES:
            if time.monotonic() < until:
                _ask(pages, address)
    except Exception as error:
        log.warning("No page could be made before the workers start: %s", error)


def _of_a_function() -> list[str]:
    """Pages of the function that the newest file is of, if there is one; no install,
    which would count."""
    files = VersionFile.objects.readable().select_related("version__function__owner")
    file = files.order_by("-pk").first()
    if file is None:
        return []
    url = file.version.function.url
    return [url, f"{url}/source/{file.path}"]


def _ask(application: FastPath, address: str) -> None:
    path, _, query = address.partition("?")
    hub = urlsplit(settings.HUB_URL)
    environ = {
        "PATH_INFO": unquote(path),
        "QUERY_STRING": query,
        "HTTP_HOST": hub.netloc,
        "HTTP_ACCEPT_ENCODING": "gzip",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": hub.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    setup_testing_defaults(environ)
    answer = application(environ, lambda status, headers, error=None: None)
    if hasattr(answer, "close"):
        answer.close()
