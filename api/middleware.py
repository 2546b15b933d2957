"""What every request under /api/ gets: one spelling of its path, JSON on errors."""

import re

from api.answers import JSON, failure, refusal
from api.body import drain
from registry import errors

API = re.compile(r"/+api(?:/|\Z)")


class ApiMiddleware:
    """Takes ``//api/x/`` for ``/api/x`` (a redirect would turn a client's POST into a
    GET), reads what a view left of the body, and gives every error that another layer
    made a JSON body."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not API.match(request.path_info):
            return self.get_response(request)
        path = re.sub(r"/{2,}", "/", request.path_info).rstrip("/")
        request.path = request.path_info = path
        response = self.get_response(request)
        drain(request)
        if response.status_code < 400 or response.headers["Content-Type"] == JSON:
            return response
        return self._as_json(response, path)

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
