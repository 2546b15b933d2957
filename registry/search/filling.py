"""Writing all search documents anew, or for the first time."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from django.db import connection, connections, transaction
from django.db.models import OuterRef, Subquery

from core.cache import versions
from registry.models import LISTS, Function, FunctionTag, SearchDocument, SearchWord
from registry.search import documents, rows, schema, spelling

PROCESSES = 2
WORTH_PROCESSES = 20_000  # functions
FILLED_AT_ONCE = 1_000  # functions to one transaction
WORDS_AT_ONCE = 5_000


def rebuild(batch: int = 500, progress: Callable[[int], None] | None = None) -> int:
    """Write every document anew, while the Hub runs; then bound the popular tier and
    count the dictionary anew.

    Where there are no documents yet, all are written before they are indexed, which is
    many times quicker; publishing waits while the indexes are made.

    batch: functions to one transaction. progress: called with the number of functions
    done so far.

    Returns how many functions can be found.
    """
    published = Function.objects.published().order_by("pk")
    ids = list(published.values_list("pk", flat=True))
    is_large = len(ids) >= WORTH_PROCESSES
    is_first = not SearchDocument.objects.exists() or not schema.is_whole(connection)
    if is_first:
        schema.before_filling(connection)
        batches = _batches(ids, FILLED_AT_ONCE)
        written = _by_processes(_fill, batches, worth=is_large)
    else:
        written = map(_rewritten, _batches(ids, batch))
    done, counted = 0, Counter()
    for count, words in written:
        done += count
        counted.update(words)
        if progress:
            progress(done)
    SearchDocument.objects.filter(function__published_at=None).delete()
    documents.settle()
    if is_first:
        made = schema.after_filling(connection)
        list(_by_processes(_execute, made, worth=is_large))
    _count(counted)
    versions.bump_on_commit(LISTS)
    if not connection.in_atomic_block:
        schema.tidy(connection)
    return done


def _rewritten(ids: list[int]) -> tuple[int, Counter]:
    with transaction.atomic():
        written = documents.write(ids)
        _date_tags(ids)
    return len(written), _counted(written)


def _by_processes(do: Callable, many: Iterable, *, worth: bool) -> Iterator:
    """What ``do`` returns for each of ``many``, in their order. worth: whether several
    processes share the work."""
    if not worth or connection.in_atomic_block:
        yield from map(do, many)
        return
    connections.close_all()  # a connection must not be shared with a child
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(
        PROCESSES, mp_context=forked, initializer=_open_own_connections
    ) as pool:
        yield from pool.map(do, many)


def _open_own_connections() -> None:
    """Runs in a child: forget the connections that the parent could not close. That
    ends none of them, as psycopg closes only what its own process opened."""
    for inherited in connections.all(initialized_only=True):
        inherited.connection = None


def _fill(ids: list[int]) -> tuple[int, Counter]:
    """Write the rows of functions that have none; a row that came meanwhile is newer.

    The functions are read without a lock. Those that another process has changed by the
    time they are locked, to be written, are read once more.
    """
    seen = rows.facts_of(ids)
    made = {row.function_id: row for row in rows.rows_of(seen)}
    with transaction.atomic():
        locked = Function.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        list(locked.values_list("pk"))
        _date_tags(ids)
        changed = {*rows.facts_of(ids)} - {*seen}
        made |= {row.function_id: row for row in rows.rows_of(changed)}
        documents.store(list(made.values()), edge=-1, replace=False)
    return len(made), _counted(made.values())


def _date_tags(ids: list[int]) -> None:
    """Give the tags of these functions the time their function was last updated."""
    newest = Function.objects.filter(pk=OuterRef("function")).values("updated_at")
    tags = FunctionTag.objects.filter(function__in=ids)
    tags.exclude(updated_at=Subquery(newest)).update(updated_at=Subquery(newest))


def _execute(statement: str) -> None:
    schema.execute(connection, [statement])


def _counted(written: Iterable[rows.Row]) -> Counter:
    """word -> how many of the rows have it."""
    counted: Counter = Counter()
    for row in written:
        counted.update(row.words)
    return counted


def _count(counted: Counter) -> None:
    """Store how many documents have each word; delete words that none has."""
    known = set(SearchWord.objects.values_list("word", flat=True))
    for gone in _batches(sorted(known - counted.keys()), WORDS_AT_ONCE):
        SearchWord.objects.filter(word__in=gone).delete()
    for words in _batches(sorted(counted), WORDS_AT_ONCE):
        with transaction.atomic():
            spelling.learn(words)
            spelling.count({word: counted[word] for word in words})


def _batches(items: list, size: int) -> Iterator[list]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
