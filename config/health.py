"""Health checks: /healthz and /readyz."""

from django.db import DatabaseError
from django.http import HttpResponse
from django.views.decorators.cache import never_cache

from accounts.models import Switch
from core.db import replicas
from core.http.methods import READING, answers
from registry.content import sandbox


@answers(*READING)
@never_cache
def healthz(request):
    """200 when the process answers and the database does too; 503 otherwise."""
    return _answer()


@answers(*READING)
@never_cache
def readyz(request):
    """As healthz, with a line for each replica, and one that says how the worker is
    confined. A broken replica is no 503, because the primary answers instead."""
    return _answer(lambda: [*replicas.states(), sandbox.confinement()])


def _answer(lines=lambda: ()):
    try:
        Switch.objects.exists()
        shown = [*map(str, lines())]
    except DatabaseError:
        return HttpResponse("database unavailable\n", "text/plain", status=503)
    return HttpResponse("\n".join(["ok", *shown, ""]), "text/plain")
