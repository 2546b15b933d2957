"""What all pages of one function have in common: finding it, its head and tabs."""

from collections.abc import Sequence
from functools import partial, wraps

from django.http import Http404, HttpRequest
from django.shortcuts import redirect, render

from core.http.public import make_public
from hub.public import PublicNotFound, TakenDown, public_page
from registry import errors
from registry.catalog import pages
from registry.catalog.pages import FunctionPage


def function_page(view=None, *, with_readme: bool = False, query: Sequence[str] = ()):
    """A public page about one function: ``view(request, page, ...)``.

    query: as of ``public_page``. with_readme: whether the README is read with the
    function. A name that the function has left is redirected for good.
    """
    if view is None:
        return partial(function_page, with_readme=with_readme, query=query)

    @public_page(query=query)
    @wraps(view)
    def wrapped(request, username, slug, version="", **kwargs):
        page = find_page(username, slug, version, with_readme=with_readme)
        if page.function.renamed_from:
            return redirect_to(page, request, username, slug)
        response = view(request, page, **kwargs)
        subjects = [page.function.pages_subject]
        return make_public(response, subjects, is_kept=not page.is_pending)

    return wrapped


def find_page(username: str, slug: str, number: str = "", **options) -> FunctionPage:
    """``registry.catalog.pages.find_page``, whose refusals are 404 pages."""
    try:
        return pages.find_page(username, slug, number, **options)
    except errors.Quarantined as error:
        raise TakenDown(error.message) from error
    except errors.NoSuchVersion as error:
        raise PublicNotFound(error.message) from error
    except errors.NotFound as error:
        raise Http404 from error


def redirect_to(page: FunctionPage, request: HttpRequest, username: str, slug: str):
    """To the same page of the function at the name that it has now."""
    rest = request.path.removeprefix(f"/functions/{username}/{slug}")
    return redirect(page.function.url + rest, permanent=True)


def render_page(request: HttpRequest, page: FunctionPage, tab: str, **context):
    """Render ``hub/function_<tab>.html``."""
    context |= {"page": page, "tab": tab, "section": "functions"}
    context |= {"function": page.function, "version": page.version}
    return render(request, f"hub/function_{tab}.html", context)
