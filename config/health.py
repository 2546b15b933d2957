"""Is this process up (healthz), and can it serve (readyz)?"""

from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def healthz(request):
    """200 when the process answers and the database does too; 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database unavailable\n", "text/plain", status=503)
    return HttpResponse("ok\n", "text/plain")


readyz = healthz
