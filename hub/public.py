"""Public pages as views: the same for everyone, with pages for what is not there."""

from collections.abc import Sequence
from functools import partial, wraps

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from core.cache.versions import ANYTHING
from core.db import replicas
from core.http.methods import READING, answers
from core.http.public import make_public
from registry import errors


class PublicNotFound(Http404):
    """A 404 whose sentence is meant for the reader."""

    template = "404.html"


class TakenDown(PublicNotFound):
    """What staff took down; the sentence is their reason."""

    template = "hub/tombstone.html"


def public_page(
    view=None, *, subjects: Sequence[str] = (ANYTHING,), query: Sequence[str] = ()
):
    """Serve ``view`` to GET and HEAD as a public page.

    query: the keys of the query that it reads; it sees no others (core/http/public.py).
    subjects: what the page depends on (core/cache/versions.py); without them every
    public write makes it stale. A view may call ``make_public`` itself and say more.

    A 404 that the view raises is sent as a page too, and so are an Unavailable and, to
    this reader alone, RateLimited. Rows may come from a replica (core/db/replicas.py).
    """
    if view is None:
        return partial(public_page, subjects=subjects, query=query)
    view = replicas.reads_replica(view)

    @answers(*READING)
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            response = view(request, *args, **kwargs)
        except Http404 as missing:
            response = _not_found(request, missing)
        except errors.RateLimited as refused:
            return too_many(request, refused)
        except errors.Unavailable as busy:
            context = {"reason": busy.message}
            response = render(request, "503.html", context, status=busy.status)
        if hasattr(response, "public"):
            return response
        return make_public(response, subjects)

    wrapped.query_keys = tuple(query)
    return wrapped


def personal_page(view):
    """Serve ``view`` to one reader: no cache keeps it. 404s are pages as above."""

    @cache_control(private=True, no_store=True)
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except Http404 as missing:
            return _not_found(request, missing)

    return wrapped


def too_many(request, error: errors.RateLimited) -> HttpResponse:
    """The page for a request above a limit; no cache keeps it."""
    response = render(request, "429.html", {"error": error}, status=error.status)
    for name, value in error.usage.headers.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _not_found(request, missing: Http404):
    is_meant = isinstance(missing, PublicNotFound)
    template = missing.template if is_meant else PublicNotFound.template
    reason = str(missing) if is_meant else ""
    return render(request, template, {"reason": reason}, status=404)
