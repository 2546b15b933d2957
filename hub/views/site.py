"""What browsers and robots ask of every site."""

from datetime import UTC, timedelta
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

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
SECURITY_TXT_LIFETIME = timedelta(days=365)


@public_page(subjects=())
def favicon(request):
    return HttpResponse(FAVICON, "image/svg+xml")


@public_page(subjects=())
def robots(request):
    return HttpResponse(
        ROBOTS.format(hub=settings.HUB_URL), "text/plain; charset=utf-8"
    )


@public_page(subjects=())
def security_txt(request):
    """RFC 9116. The same bytes all day: Expires is a year after its beginning (UTC),
    and a kept answer is for its day alone (core/cache/versions.py)."""
    today = timezone.now().astimezone(UTC).date()
    lines = {
        "Contact": settings.CONTACT,
        "Expires": f"{today + SECURITY_TXT_LIFETIME:%Y-%m-%d}T00:00:00Z",
        "Preferred-Languages": "en",
        "Canonical": settings.HUB_URL + request.path,
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    return HttpResponse(text, "text/plain; charset=utf-8")


@public_page(subjects=())
def functions_without_slash(request):
    return redirect(reverse("hub:function_list"), permanent=True)
