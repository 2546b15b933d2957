"""What the Admin's pages share."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import caches
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control

from accounts.models import Event
from core.http.methods import answers
from registry.errors import NotFound, RateLimited, RegistryError
from registry.models import Draft, Function, FunctionTag

VIA = "admin"
MAX_SUGGESTED_TAGS = 60
TAGS_KEPT_SECONDS = 600


def author_page(*methods: str):
    """Decorate a view as a page for signed-in accounts that is never cached.

    A request for JSON gets 401 instead of a redirect to sign-in. NotFound becomes a
    404, too many requests a page that says so. Any other refusal that the view doesn't
    catch is shown above My Functions.
    """

    def decorate(view):
        @cache_control(private=True, no_store=True)
        @answers(*methods)
        @wraps(view)
        def wrapped(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return _sign_in(request)
            try:
                return view(request, *args, **kwargs)
            except NotFound as error:
                raise Http404(error.message) from error
            except RateLimited as error:
                return _too_many(request, error)
            except RegistryError as error:  # such as read-only mode
                return _refused(request, error)

        return wrapped

    return decorate


def own_draft(request: HttpRequest, draft_id) -> Draft:
    """The account's draft of that id. Raises Http404."""
    drafts = Draft.objects.owned_by(request.user)
    drafts = drafts.select_related("function__owner", "function__latest")
    return get_object_or_404(drafts, pk=draft_id)


def own_function(request: HttpRequest, slug: str) -> Function:
    """The account's function of that slug. Raises Http404."""
    functions = Function.objects.owned_by(request.user)
    functions = functions.select_related(
        "owner", "category", "latest", "readme", "deprecation", "quarantine"
    )
    return get_object_or_404(functions, slug=slug)


def events_of(function: Function) -> QuerySet[Event]:
    """The events of the function and its versions, newest first."""
    about = Q(subject=function.path) | Q(subject__startswith=f"{function.path}@")
    return Event.objects.filter(about).order_by("-id")


def popular_tags() -> list[str]:
    """Suggestions for a field of tags, the most used first. Cached."""
    return caches["local"].get_or_set("popular-tags", _count_tags, TAGS_KEPT_SECONDS)


def _count_tags() -> list[str]:
    rows = FunctionTag.objects.values_list("tag").annotate(uses=Count("id"))
    return [tag for tag, _ in rows.order_by("-uses", "tag")[:MAX_SUGGESTED_TAGS]]


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def as_json(error: RegistryError) -> JsonResponse:
    """A refusal as JSON, like the API's."""
    faults = error.faults or [error]
    return JsonResponse(
        {
            "error": error.message,
            "code": error.code,
            "fix": error.fix,
            "details": [fault.as_fault() for fault in faults],
        },
        status=error.status,
    )


def say_no(request: HttpRequest, error: RegistryError) -> None:
    """Show every fault of a refusal, with its fix, on the next page."""
    for fault in error.faults or [error]:
        messages.error(request, f"{fault.message} {fault.fix}")


def _refused(request: HttpRequest, error: RegistryError):
    if wants_json(request):
        return as_json(error)
    say_no(request, error)
    return redirect("admin_portal:my_functions")


def _too_many(request: HttpRequest, error: RateLimited):
    if wants_json(request):
        response = as_json(error)
    else:
        response = render(request, "429.html", {"error": error}, status=error.status)
    for name, value in error.usage.headers.items():
        response.headers[name] = value
    return response


def _sign_in(request: HttpRequest):
    if wants_json(request):
        message = "You are signed out. Sign in again; what you typed is kept."
        return JsonResponse({"error": message, "code": "UNAUTHORIZED"}, status=401)
    return redirect_to_login(request.get_full_path())
