"""The WSGI entry that gunicorn serves: Django behind the kept public pages."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402  (needs the settings module named)

from hub.fastpath import FastPath  # noqa: E402  (needs the applications loaded)

if settings.PAGE_CACHE_BYTES:
    application = FastPath(application, settings.PAGE_CACHE_BYTES)
