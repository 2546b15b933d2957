"""A function at one of its versions, with all that its pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from core.db.prepared import Prepared
from registry import errors
from registry.catalog import functions
from registry.catalog.file_tree import Entry, tree_of
from registry.content import derived, stored
from registry.content.rendering import README, RENDERER, Rendered, language_of, safe
from registry.inspection import INSPECTOR
from registry.inspection.uses import Uses, uses_of
from registry.installs.steps import Steps, steps_of
from registry.models import (
    Function,
    Inspection,
    Screenshot,
    UsageExample,
    Version,
    VersionFile,
)


def _counted(rows: QuerySet, by: str) -> Subquery:
    """How many of ``rows`` there are, as a subquery of one value."""
    counts = rows.order_by().values(by).annotate(count=Count("pk"))
    return Subquery(counts.values("count"))


def _shown(versions: QuerySet[Version]) -> QuerySet[Version]:
    """``versions`` with what the head of every page needs, and what exists beside it,
    in the same query."""
    of_function = OuterRef("function")
    return versions.select_related(
        "yank",
        "inspection",
        "function__owner",
        "function__category",
        "function__deprecation",
    ).annotate(
        version_count=_counted(
            Version.objects.filter(function=of_function), by="function"
        ),
        file_count=_counted(
            VersionFile.objects.filter(version=OuterRef("pk")), by="version"
        ),
        has_examples=Exists(UsageExample.objects.filter(function=of_function)),
        has_screenshots=Exists(Screenshot.objects.filter(function=of_function)),
    )


def _with_readme(versions: QuerySet[Version], of: str) -> QuerySet[Version]:
    """``versions`` with the README's HTML, too. of: the path to the README's blob."""
    rendering = f"{of}__renderings"
    made = {f"{rendering}__kind": README, f"{rendering}__renderer": RENDERER}
    return versions.annotate(
        rendering=FilteredRelation(rendering, condition=Q(**made)),
        readme_html=F("rendering__html"),
        readme_is_complete=F("rendering__is_complete"),
        readme_reason=F("rendering__reason"),
    )


def _latest(username, slug) -> QuerySet[Version]:
    return _shown(Version.objects.readable()).filter(
        function__slug=slug,
        function__owner__username=username,
        function__latest=F("pk"),
    )


def _numbered(username, slug, precedence, number) -> QuerySet[Version]:
    return _shown(Version.objects.readable()).filter(
        function__slug=slug,
        function__owner__username=username,
        precedence=precedence,
        number=number,
    )


LATEST, NUMBERED = Prepared(_latest), Prepared(_numbered)
# The listing's README is the live one; a version keeps the one it shipped with.
LATEST_WITH_README = Prepared(
    lambda username, slug: _with_readme(_latest(username, slug), "function__readme")
)
NUMBERED_WITH_README = Prepared(
    lambda username, slug, precedence, number: _with_readme(
        _numbered(username, slug, precedence, number), "readme"
    )
)
FILES = Prepared(
    lambda version: (
        VersionFile.objects.filter(version__pk=version)
        .select_related("blob")
        .defer("blob__text")
    )
)


@dataclass
class FunctionPage:
    """A function at one of its versions, as its pages show it.

    version: with ``function`` loaded. is_pinned: whether the address names the version.
    draft: the draft that ``version`` stands for; None for a published one. is_pending:
    whether a part of it is only so at the moment.
    """

    version: Version
    is_pinned: bool
    is_pending: bool = False
    draft = None

    @property
    def function(self) -> Function:
        return self.version.function

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

    @property
    def newer_number(self) -> str:
        """The number of the latest version, where an older one is shown; else ""."""
        latest = self.function.latest_number
        is_older = self.is_pinned and latest != self.version.number
        return latest if is_older and not self.version.is_yanked else ""

    @property
    def version_count(self) -> int:
        return self.version.version_count

    @property
    def file_count(self) -> int:
        return self.version.file_count

    @cached_property
    def files(self) -> list[VersionFile]:
        """Those of the version, by path, without their text."""
        return FILES(self.version.pk)

    @cached_property
    def report(self) -> dict:
        """Of the version's inspection; empty until it is made. That of an older
        inspector is shown until there is a new one."""
        try:
            made = self.version.inspection
        except Inspection.DoesNotExist:
            return {}
        if made.inspector != INSPECTOR:
            derived.ask_for(self.version)
        return made.report

    @cached_property
    def uses(self) -> Uses:
        return uses_of(self.version.manifest, self.report)

    @cached_property
    def steps(self) -> Steps:
        return steps_of(self.function, self.version)

    @cached_property
    def readme(self) -> Rendered | None:
        """The listing's README. A version named in the address shows the one it shipped
        with."""
        shown = self.version if self.is_pinned else self.function
        if shown.readme_id is None:
            return None
        html = getattr(self.version, "readme_html", None)
        if html is None:
            made = stored.rendering_of(shown.readme_id, README, self.version)
            self.is_pending = made.is_pending
        else:
            complete, reason = (
                self.version.readme_is_complete,
                self.version.readme_reason,
            )
            made = Rendered(safe(html), complete, reason)
        return made.without_title(self._titles).with_links(f"{self.url}/source/")

    @property
    def _titles(self) -> set[str]:
        """What a README's first heading only repeats, in lower case."""
        return {self.function.slug, self.version.manifest["name"].casefold()}

    @property
    def readme_text(self) -> str:
        """The README that the version shipped with, as Markdown."""
        return self.version.readme.text if self.version.readme_id else ""

    @cached_property
    def examples(self) -> Sequence[UsageExample]:
        return self.function.examples.all() if self.version.has_examples else []

    @cached_property
    def screenshots(self) -> Sequence[Screenshot]:
        return self.function.screenshots.all() if self.version.has_screenshots else []

    def file(self, path: str) -> VersionFile | None:
        return next((file for file in self.files if file.path == path), None)

    def source_of(self, file: VersionFile) -> Rendered:
        """A file of ``files``, highlighted."""
        kind = language_of(file.path)
        source = stored.rendering_of(file.blob_id, kind, self.version)
        self.is_pending = source.is_pending
        return source

    def tree(self, shown: str) -> list[Entry]:
        """``files`` as a tree. shown: the path of the file that the page shows."""
        return tree_of([file.path for file in self.files], shown)


def find_page(
    username: str, slug: str, number: str = "", *, with_readme: bool = False
) -> FunctionPage:
    """The page of a readable function: of the version ``number``, else of the latest
    live one, or of the newest where every version is yanked. One query.

    with_readme: whether the README's HTML is read with it.

    ``page.function.renamed_from`` is set where the address is one that the function has
    left. Raises NotFound, with staff's reason for what is quarantined.
    """
    if number:
        question = NUMBERED_WITH_README if with_readme else NUMBERED
        version = question.first(username, slug, number.partition("+")[0], number)
    else:
        question = LATEST_WITH_README if with_readme else LATEST
        version = question.first(username, slug)
    if version is None:
        function = functions.find_function(slug, username=username)
        version = _other_version(function, number)
        version.function.renamed_from = function.renamed_from
    return FunctionPage(version, is_pinned=bool(number))


def _other_version(function: Function, number: str) -> Version:
    """What is shown of a function that has no live version, or has another name."""
    versions = _shown(Version.objects.readable().filter(function=function))
    if function.latest_id or number:
        found = functions.find_version(function.slug, number=number)
        versions = versions.filter(pk=found.pk)
    shown = versions.newest_first().first()
    if shown is None:  # staff took it down between the queries
        raise errors.NotFound("There is nothing at this address.")
    return shown
