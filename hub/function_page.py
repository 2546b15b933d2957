"""What all pages of one function have in common: its head, its tabs, its address."""

from dataclasses import dataclass
from functools import cached_property, wraps

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render

from core.db.prepared import Prepared
from hub.http import PublicNotFound, TakenDown, public_page
from registry.catalog import functions
from registry.drawing.function import head
from registry.inspection.uses import Uses, uses_of
from registry.installs.steps import Steps, steps_of
from registry.models import Function, Inspection, Redirect, Version, VersionFile


def _functions(username, slug):
    functions = Function.objects.published().described()
    functions = functions.select_related("readme", "quarantine")
    return functions.named(username, slug).defer("readme__text")


def _versions(**of):
    versions = Version.objects.filter(**of)
    versions = versions.select_related("yank", "quarantine", "readme")
    return versions.defer("readme__text").newest_first()


FUNCTION = Prepared(_functions)
LATEST = Prepared(lambda pk: _versions(pk=pk))
NUMBERED = Prepared(lambda pk, number: _versions(function__pk=pk, number=number))
NEWEST = Prepared(lambda pk: _versions(function__pk=pk)[:1])
INSPECTION = Prepared(lambda pk: Inspection.objects.filter(version__pk=pk))
FILES = Prepared(
    lambda pk: (
        VersionFile.objects.filter(version__pk=pk)
        .select_related("blob")
        .defer("blob__text")
    )
)
COUNT = Prepared(
    lambda pk: (
        Version.objects.filter(function__pk=pk)
        .order_by()
        .values("function")
        .annotate(count=Count("pk"))
        .values_list("count")
    )
)


def function_page(view):
    """A public page about one function: ``view(request, page, ...)``.

    A name the function has left is redirected for good.
    """

    @public_page
    @wraps(view)
    def wrapped(request, username, slug, version="", **kwargs):
        function = FUNCTION.first(username, slug)
        if function is None:
            return redirect_moved(request, username, slug)
        refuse_taken_down(function, function.path)
        page = FunctionPage(function, _version(function, version), bool(version))
        refuse_taken_down(page.version, f"{function.path} {page.version.number}")
        return view(request, page, **kwargs)

    return wrapped


@dataclass(frozen=True)
class FunctionPage:
    """A function and the version shown: the latest, or the one in the address."""

    function: Function
    version: Version
    is_pinned: bool

    @property
    def url(self) -> str:
        """Where the tabs of this function, at this version, are."""
        pin = f"/v/{self.version.number}" if self.is_pinned else ""
        return self.function.url + pin

    @property
    def canonical(self) -> str:
        """The address that search engines are to have."""
        return settings.HUB_URL + self.url

    @property
    def raw_url(self) -> str:
        """Where this version's files lie as they are; ends in a slash."""
        return f"{self.function.url}/raw/{self.version.number}/"

    @property
    def command(self) -> str:
        """The line that installs what is shown."""
        pin = f"@{self.version.number}" if self.is_pinned else ""
        return f"aerostack functions install {self.function.path}{pin}"

    @cached_property
    def files(self) -> list[VersionFile]:
        """Those of the version, by path, without their text."""
        return FILES(self.version.pk)

    @cached_property
    def file_count(self) -> int:
        return len(self.files)

    @cached_property
    def report(self) -> dict:
        """Of the version's inspection; empty until it is made."""
        inspection = INSPECTION.first(self.version.pk)
        return inspection.report if inspection else {}

    @cached_property
    def uses(self) -> Uses:
        return uses_of(self.version.manifest, self.report)

    @property
    def steps(self) -> Steps:
        return steps_of(self.function, self.version)

    @cached_property
    def version_count(self) -> int:
        return COUNT(self.function.pk)[0][0]

    def render(self, request: HttpRequest, tab: str, **context):
        """Render ``hub/function_<tab>.html`` with the head's context added."""
        context |= head(self) | {
            "page": self,
            "function": self.function,
            "version": self.version,
            "tab": tab,
            "section": "functions",
        }
        return render(request, f"hub/function_{tab}.html", context)


def refuse_taken_down(subject: Function | Version, name: str) -> None:
    """Raise TakenDown, with staff's reason, for what is quarantined."""
    if hasattr(subject, "quarantine"):
        raise TakenDown(functions.taken_down(name, subject.quarantine).message)


def redirect_moved(request: HttpRequest, username: str, slug: str):
    """To where the function lives now. Raises Http404 when there never was one."""
    left = get_object_or_404(
        Redirect.objects.select_related("function__owner"),
        username=username,
        slug=slug,
        function__published_at__isnull=False,
    )
    rest = request.path.removeprefix(f"/functions/{username}/{slug}")
    return redirect(left.function.url + rest, permanent=True)


def _version(function: Function, number: str) -> Version:
    """The version numbered so, else the latest; one query either way."""
    if number:
        version = NUMBERED.first(function.pk, number)
    elif function.latest_id:
        version = LATEST.first(function.latest_id)
    else:
        version = NEWEST.first(function.pk)
    if version is None:
        raise PublicNotFound(f"{function} has no version {number[:64]}.")
    version.function = function
    return version
