"""What other programs read of the Hub: registry formats, badges, pictures, maps."""

from django.http import JsonResponse

from accounts.limits import client_address
from hub import shadcn
from hub.fastpath import CONDITIONAL, INSTALLED
from hub.http import public_page
from registry import errors, installs, reading
from registry.models import Function


@public_page
def shadcn_item(request, username, item):
    """One function, or ``slug@version``, as ``npx shadcn add`` reads it."""
    slug, _, number = item.partition("@")
    try:
        function = reading.published_function(slug, username)
        version = reading.published_version(function, number)
    except errors.RegistryError as error:
        # The command prints `message`.
        said = {"error": error.code, "message": f"{error.message} {error.fix}"}
        return JsonResponse(said, status=error.status)
    request.META[INSTALLED] = version  # each serving of the kept answer counts
    if CONDITIONAL not in request.META:
        _count(request, version)
    return JsonResponse(shadcn.item(version))


def _count(request, version):
    installs.count(
        version,
        client=client_address(request),
        method=request.method,
        headers=request.headers,
    )


@public_page
def shadcn_registry(request):
    functions = Function.objects.listed().select_related("owner")
    functions = functions.order_by("-install_count", "-id")[: shadcn.MAX_LISTED]
    return JsonResponse(shadcn.listing(functions))
