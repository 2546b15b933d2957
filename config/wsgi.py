"""The WSGI entry that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from core.http.headers import bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = bounded(get_wsgi_application())
