"""What browsers and robots ask of every site."""

from pathlib import Path

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from hub.http import public_page

FAVICON = (Path(__file__).parents[2] / "static/hub/favicon.svg").read_text()
ROBOTS = """\
User-agent: *
Disallow: /account/
Disallow: /admin/
Disallow: /api/
Disallow: /functions/?
"""


@public_page
def favicon(request):
    return HttpResponse(FAVICON, "image/svg+xml")


@public_page
def robots(request):
    return HttpResponse(ROBOTS, "text/plain; charset=utf-8")


@public_page
def functions_without_slash(request):
    return redirect(reverse("hub:function_list"), permanent=True)
