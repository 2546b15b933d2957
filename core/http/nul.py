"""Refusing NUL characters before they reach a database."""

from django.http import HttpResponseBadRequest


class RefuseNulMiddleware:
    """400 for a NUL in path or query: PostgreSQL can't store or compare one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "%00" in query or "\0" in query:
            return HttpResponseBadRequest(
                "The address contains a NUL character.\n", "text/plain; charset=utf-8"
            )
        return self.get_response(request)
