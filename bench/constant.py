"""The reference: the smallest Django, with one view that answers a constant.

This file holds its settings, its URLs and its WSGI application. The middleware is what
``startproject`` sets up.
"""

import os
import sys

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

SECRET_KEY = "no session is ever signed with this one"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "bench.constant"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
BODY = b'{"ok": true}\n'


def constant(request):
    return HttpResponse(BODY, content_type="application/json")


urlpatterns = [path("constant", constant)]

if "gunicorn" in sys.argv[0]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.constant"
    application = get_wsgi_application()
