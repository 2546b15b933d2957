"""Writing what search reads: one row per published function."""

import logging
from collections import Counter
from collections.abc import Iterable

from django.db import DatabaseError, transaction
from django.db.models import Value
from django.db.models.functions import Replace

from registry.inspection.checks import is_contacted
from registry.models import (
    Function,
    Inspection,
    SearchDocument,
    SearchWord,
    VersionFile,
)
from registry.search import spelling
from registry.search.engines import Match, engine
from registry.search.places import HOT_ROWS, place_of
from registry.search.text import (
    MAX_README_CHARACTERS,
    code_words,
    indexed,
    licenses_in,
    token,
)

log = logging.getLogger(__name__)

# Identifiers by which code reaches out; without them, and without a host, it doesn't.
REACHES_OUT = {"fetch", "websocket", "eventsource", "xmlhttprequest", "connect"}
READ = ("owner", "category", "latest", "readme", "deprecation")
LISTED = (
    "place is_hot slug names tags description readme facets category language "
    "runtime license no_dependencies no_network has_tables"
).split()


def index(function: Function) -> None:
    """Bring what search knows of ``function`` up to date, in the caller's transaction.

    Called by whatever changes a listing, and once more when a version has been
    inspected, which is when its code and what it reaches are known. A failure is
    logged and undoes nothing else; rebuild makes up for it.
    """
    try:
        with transaction.atomic():
            _write(Function.objects.filter(pk=function.pk))
            _make_room(function.pk)
    except DatabaseError:
        log.exception("%s can't be found as it is: run rebuild_search.", function.slug)


def rebuild(batch: int = 500, progress=None) -> int:
    """Write every row again, ``batch`` functions to a transaction, while the Hub runs;
    then draw the edge of the popular tier and count the dictionary anew.

    progress: called with the number of functions done so far.

    Returns how many functions are searched.
    """
    done, last, counted = 0, 0, Counter()
    published = Function.objects.published().order_by("pk")
    while True:
        ids = list(published.filter(pk__gt=last).values_list("pk", flat=True)[:batch])
        if not ids:
            break
        with transaction.atomic():
            counted.update(_write(Function.objects.filter(pk__in=ids)))
        done, last = done + len(ids), ids[-1]
        if progress:
            progress(done)
    SearchDocument.objects.filter(function__published_at=None).delete()
    _settle()
    _count(counted)
    return done


def reorder(function_ids: Iterable[int]) -> None:
    """Give functions whose installs or stars changed their place in popularity.

    Much quicker than ``index``; most changes are too small to move a function.
    """
    rows = SearchDocument.objects.filter(pk__in=function_ids).exclude(names="")
    rows = rows.select_related("function", "function__deprecation").order_by("pk")
    moved = []
    for document in rows.defer("readme", "code", "description"):
        place = _place(document.function)
        if place != document.place:
            document.place = place
            moved.append(document)
    SearchDocument.objects.bulk_update(moved, ["place"], batch_size=200)


def recategorize(old: str, new: str, *, limit: int) -> int:
    """File up to ``limit`` rows of one category's slug under another; how many.

    Much quicker than ``index``: nothing of the functions is read.
    """
    before, after = token("category", old), token("category", new)
    places = engine().some(Match(tokens=(before,)), limit)
    return SearchDocument.objects.filter(place__in=places).update(
        category=new, facets=Replace("facets", Value(before), Value(after))
    )


def _write(functions) -> Counter:
    """Write the rows of ``functions``; in how many of them each word stands."""
    # Locked before they are read, so that no publish comes in between.
    list(functions.select_for_update().order_by("pk").values_list("pk"))
    functions = list(functions.select_related(*READ).order_by("pk"))
    shown = [function for function in functions if function.published_at]
    gone = [function.pk for function in functions if not function.published_at]
    SearchDocument.objects.filter(pk__in=gone).delete()
    latest = [function.latest_id for function in shown if function.latest_id]
    reports = dict(
        Inspection.objects.filter(version__in=latest).values_list("version", "report")
    )
    sources = _sources(reports)
    edge, counted, documents = _edge(), Counter(), []
    for function in shown:
        code = code_words(sources.get(function.latest_id, ()))
        report = reports.get(function.latest_id)
        document = _document(function, report, code)
        document.is_hot = edge is None or document.place <= edge
        documents.append(document)
        counted.update({*_dictionary_words(document)})
    SearchDocument.objects.bulk_create(
        documents,
        update_conflicts=True,
        unique_fields=["function"],
        update_fields=[*LISTED, "code"],
    )
    spelling.learn(counted)
    return counted


def _sources(versions: Iterable[int]) -> dict[int, list[str]]:
    """version -> the texts of its files."""
    found: dict[int, list[str]] = {}
    files = VersionFile.objects.filter(version__in=versions)
    for version, text in files.values_list("version", "blob__text"):
        found.setdefault(version, []).append(text)
    return found


def _document(function: Function, report: dict | None, code: str) -> SearchDocument:
    if not function.is_listed:
        return _by_name_only(function)
    manifest = function.latest.manifest if function.latest_id else {}
    facts = (report or {}).get("facts", {})
    whole = bool(report) and not report.get("incomplete")
    hosts = [fact["host"] for fact in facts.get("hosts", [])]
    document = SearchDocument(
        function=function,
        place=_place(function),
        slug=function.slug,
        names=indexed(f"{function.slug} {function.name}"),
        tags=" ".join(map(_tag, function.tags)),
        description=indexed(function.description),
        readme=indexed(_readme(function)),
        code=code,
        category=function.category.slug if function.category_id else "",
        language=function.language,
        runtime=function.runtime,
        license=function.license,
        no_dependencies=bool(manifest) and not manifest.get("npmDependencies"),
        no_network=whole
        and not any(map(is_contacted, hosts))
        and REACHES_OUT.isdisjoint(code.split()),
        has_tables=bool(manifest.get("drizzleSchema") or facts.get("tables")),
    )
    document.facets = " ".join(_tokens(function, document))
    return document


def _place(function: Function) -> int:
    return place_of(
        function.pk,
        installs=function.install_count,
        stars=function.star_count,
        is_sunk=hasattr(function, "deprecation"),
    )


def _by_name_only(function: Function) -> SearchDocument:
    """No version is live: no word and no filter finds it, only its very name does."""
    place = place_of(function.pk, installs=0, stars=0, is_sunk=True)
    return SearchDocument(function=function, place=place, slug=function.slug)


def _tokens(function: Function, document: SearchDocument) -> Iterable[str]:
    yield token("author", function.owner.username)
    yield from (token("tag", tag) for tag in function.tags)
    yield from (token("license", part) for part in licenses_in(document.license))
    for name in ("category", "language", "runtime"):
        yield token(name, getattr(document, name))
    for name in ("no_dependencies", "no_network", "has_tables"):
        if getattr(document, name):
            yield token(name, "yes")


def _tag(tag: str) -> str:
    """``rate limit`` also as ``ratelimit``."""
    words = indexed(tag)
    return f"{words} {words.replace(' ', '')}" if " " in words else words


def _readme(function: Function) -> str:
    return function.readme.text[:MAX_README_CHARACTERS] if function.readme_id else ""


def _dictionary_words(document: SearchDocument) -> list[str]:
    return f"{document.names} {document.tags} {document.description}".split()


def _edge() -> int | None:
    """The last place of the popular tier; None while everything fits into it."""
    places = SearchDocument.objects.order_by("place").values_list("place", flat=True)
    return next(iter(places[HOT_ROWS - 1 : HOT_ROWS]), None)


def _make_room(function_id: int) -> None:
    """Where a function is new to the full popular tier, the last one leaves it."""
    edge = _edge()
    if edge is None or not SearchDocument.objects.filter(pk=function_id, is_hot=True):
        return
    SearchDocument.objects.filter(is_hot=True, place__gt=edge).update(is_hot=False)


def _settle() -> None:
    """Put exactly the most popular into the popular tier."""
    edge = _edge()
    documents = SearchDocument.objects
    if edge is None:
        documents.filter(is_hot=False).update(is_hot=True)
        return
    documents.filter(is_hot=True, place__gt=edge).update(is_hot=False)
    documents.filter(is_hot=False, place__lte=edge).update(is_hot=True)


def _count(counted: Counter) -> None:
    """Store in how many documents each word is; drop words that are in none."""
    words = [SearchWord(word, count) for word, count in counted.items()]
    known = set(SearchWord.objects.values_list("word", flat=True))
    SearchWord.objects.bulk_update(
        [word for word in words if word.word in known], ["documents"], batch_size=2_000
    )
    for gone in _batches(sorted(known - counted.keys()), 2_000):
        SearchWord.objects.filter(word__in=gone).delete()


def _batches(items: list, size: int) -> Iterable[list]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
