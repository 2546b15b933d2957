"""The smallest Django to compare with: one constant, one row by its primary key.

Settings, addresses and the WSGI application in one file, with the middleware that
``startproject`` gives.
"""

import os
import sys

import environ
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
DATABASES = {"default": environ.Env().db_url("DATABASE_URL", default="sqlite://")}
DATABASES["default"]["CONN_MAX_AGE"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
BODY = b'{"ok": true}\n'


def constant(request):
    return HttpResponse(BODY, content_type="application/json")


def one_row(request):
    """A row of a table that every Django with accounts has."""
    from django.contrib.contenttypes.models import ContentType

    row = ContentType.objects.get(pk=1)
    return HttpResponse(row.model, content_type="text/plain")


urlpatterns = [path("constant", constant), path("row", one_row)]

if "gunicorn" in sys.argv[0]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.constant"
    application = get_wsgi_application()
