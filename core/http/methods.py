"""Which methods an address answers. All others are 405, before anything else is looked
at: the sender's forms and session, and whether they may see the page."""

from collections.abc import Callable

from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.http import require_http_methods

READING = ("GET", "HEAD")
WITH_FORM = (*READING, "POST")


def answers(*methods: str):
    """Decorate a view as one that answers ``methods`` only, such as READING."""

    def decorate(view):
        checked = require_http_methods(list(methods))(view)
        checked.methods = methods
        return checked

    return decorate


def methods_of(view: Callable) -> tuple[str, ...]:
    """The methods that ``view`` answers; none where it doesn't say.

    A class based view of another package answers those of WITH_FORM that it has.
    """
    if declared := getattr(view, "methods", ()):
        return declared
    kind = getattr(view, "view_class", None)
    if kind is None:
        return ()
    options = view.view_initkwargs
    names = options.get("http_method_names", kind.http_method_names)
    # As Django does: a view that has ``get`` answers HEAD with it.
    found = {name.upper() for name in names if hasattr(kind, name) or name == "head"}
    return tuple(name for name in WITH_FORM if name in found)


class RefuseMethodsMiddleware:
    """405 with ``Allow`` for a method that the view of an address doesn't answer.

    Stands before the middleware that refuses forms (CSRF), which would answer 403. A
    view whose ``is_hidden_from(request)`` is true looks missing: 404 for every method.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs) -> HttpResponse | None:
        methods = methods_of(view)
        if not methods or request.method in methods:
            return None
        if hasattr(view, "is_hidden_from") and view.is_hidden_from(request):
            raise Http404("There is nothing at this address.")
        response = HttpResponseNotAllowed(
            methods,
            "This address answers " + " and ".join(methods) + " only.\n",
            content_type="text/plain; charset=utf-8",
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response
