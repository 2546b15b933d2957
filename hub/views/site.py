"""What browsers and robots ask of every site."""

from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from hub.public import public_page

FAVICON = (Path(__file__).parents[2] / "static/hub/favicon.svg").read_text()
ROBOTS = """\
User-agent: *
Disallow: /account/
Disallow: /admin/
Disallow: /api/
Disallow: /functions/?

Sitemap: {hub}/sitemap.xml
"""


@public_page(subjects=())
def favicon(request):
    return HttpResponse(FAVICON, "image/svg+xml")


@public_page(subjects=())
def robots(request):
    return HttpResponse(
        ROBOTS.format(hub=settings.HUB_URL), "text/plain; charset=utf-8"
    )


@public_page(subjects=())
def functions_without_slash(request):
    return redirect(reverse("hub:function_list"), permanent=True)
