"""The WSGI entry that gunicorn serves: Django behind the page cache."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from hub.fastpath import in_front_of  # noqa: E402  (needs the applications loaded)

application = in_front_of(application)
