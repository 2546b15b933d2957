"""What every request under /api/ gets: one spelling of its path, JSON on errors."""

import re

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from api.answers import JSON, failure, refusal
from api.body import drain
from core.http.nul import RefuseNulMiddleware
from registry import errors

API = re.compile(r"/+api(?:/|\Z)")


class OneSpellingMiddleware:
    """Takes ``//api/x/`` for ``/api/x``: a redirect would turn a client's POST into a
    GET. Stands before the cache, for which they are one address then."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if API.match(request.path_info):
            path = re.sub(r"/{2,}", "/", request.path_info).rstrip("/")
            request.path = request.path_info = path
        return self.get_response(request)


class ApiMiddleware:
    """Reads what a view left of the body, and gives every error that another layer made
    a JSON body.

    An endpoint answers right here. The middleware after this one is for browsers:
    sessions, forms, messages. The API knows keys, never cookies.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self._answer = convert_exception_to_response(RefuseNulMiddleware(_answer))

    def __call__(self, request):
        if not API.match(request.path_info):
            return self.get_response(request)
        response = self._answer(request)
        drain(request)
        if response.status_code < 400 or response.headers["Content-Type"] == JSON:
            return response
        return self._as_json(response, request.path_info)

    @staticmethod
    def _as_json(response, path: str):
        status = response.status_code
        if status >= 500:
            return failure(path, log_exception=False)
        if status == 404:
            error = errors.NotFound("There is nothing at this address.")
        else:
            error = errors.ValidationError("The request could not be understood.")
        made = refusal(error, path)
        made.status_code = status
        return made


def _answer(request: HttpRequest) -> HttpResponse:
    """The endpoint's answer."""
    request.get_host()  # raises for a name that is none of the Hub's
    try:
        found = request.resolver_match = resolve(request.path_info)
    except Resolver404:
        response = HttpResponse(status=404)
    else:
        response = found.func(request, *found.args, **found.kwargs)
    response.headers.setdefault("Content-Length", str(len(response.content)))
    return response
