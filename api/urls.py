"""URLs of the API, made from the declared endpoints.

Fixed segments come before parameters: ``/functions/my`` is no function's id.
"""

import re
from collections import defaultdict

from django.urls import path

from api import moderation, views  # noqa: F401  (declare the endpoints)
from api.decorators import ENDPOINTS, by_method
from api.openapi import openapi_json


def _parameters_last(template: str) -> list[bool]:
    return [segment.startswith("{") for segment in template.split("/")]


def _patterns():
    views_of = defaultdict(dict)
    for endpoint in ENDPOINTS:
        views_of[endpoint.path][endpoint.method] = endpoint.view
    for template in sorted(views_of, key=_parameters_last):
        route = re.sub(r"\{(\w+)\}", r"<str:\1>", template.lstrip("/"))
        yield path(route, by_method(views_of[template]))


urlpatterns = [
    path("openapi.json", by_method({"GET": openapi_json})),
    *_patterns(),
]
