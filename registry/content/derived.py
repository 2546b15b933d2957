"""What is computed from published bytes and kept: HTML per blob, facts per version.

It is made after the commit, in threads of the web process that wait for the worker, and
never undoes a publish. A version is done when it has an Inspection of this INSPECTOR,
which is made last. So a process that starts finds what one that died left undone
(``catch_up``). Versions that are published close together are done together.

Nobody's texts hold up those of others for long. Accounts are served in turn
(``turns.py``), in two rounds with threads and a lane of the worker each. In the first
round a text has CHEAP_TEXT_SECONDS, and all texts of one account have CHEAP_SECONDS
together. A version that needs more gets a second round by itself. One version costs
VERSION_SECONDS of the worker at most; what is left then is shown as plain text, or
counts as not inspected, and says why.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Exists, OuterRef

from core.cache import versions as cache_versions
from registry import inspection, search
from registry.content import rendering, sandbox
from registry.content.budget import VERSION_SECONDS, Budget, OverBudget
from registry.content.turns import Turns
from registry.models import Blob, Inspection, Rendering, Version, VersionFile

CATCH_UP_VERSIONS = 1000
# After a publish the thread waits GATHERING_SECONDS for others, to do them together;
# not after QUIET_SECONDS without any. Texts of a group are held in memory and its rows
# are written in one transaction, which other writers wait for: so groups are bounded.
GATHERING_SECONDS, QUIET_SECONDS = 0.15, 1.0
TOGETHER, TOGETHER_BYTES = 12, 256 * 1024
PATIENCE_SECONDS = 1.0  # after which search is told without waiting for the worker
# Of the worker's time. Usual source files take some hundredths of a second.
CHEAP_TEXT_SECONDS, CHEAP_SECONDS = 0.25, 1.0
TEXT_SECONDS = 10.0
IDLE_SECONDS = 60  # without work; then a thread gives up its database connection

log = logging.getLogger(__name__)
_waiting, _costly = Turns(), Turns()  # of ids; of (id, report or None)
_under_way: set[int] = set()  # ids in either, or being made
_untold: set[int] = set()  # ids that wait, and of which search was not told
_threads: list[threading.Thread] = []
_lock = threading.Lock()

Key = tuple[str, str]  # a blob's hash, and the kind of HTML


def enqueue(version: Version) -> None:
    """Make what is derived from ``version``, just published, after the commit.

    Search is told then too, outside the transaction that others wait for. Where
    nothing is made in the background, search is told at once.
    """
    if settings.DERIVE_IN_BACKGROUND:
        transaction.on_commit(partial(schedule, version.pk, version.published_by))
    else:
        search.index(version.function)


def schedule(version_id: int, account: str) -> None:
    """Make what is derived from a version soon, in the background.

    account: the name of who published it, in whose turn it is made.
    """
    if not settings.DERIVE_IN_BACKGROUND:
        return
    with _lock:
        _under_way.add(version_id)
        _untold.add(version_id)
    _waiting.put(account, version_id)
    _start_threads()


def ask_for(version: Version) -> None:
    """``schedule`` a version of which a reader misses something, unless it is under way
    in this process."""
    if version.pk not in _under_way:
        schedule(version.pk, version.published_by)


def make(*version_ids: int) -> None:
    """Make what is missing of these versions, and wait for it. Safe to repeat."""
    for version, report in _first_round(version_ids):
        _second_round(version.pk, report)


def _first_round(version_ids: Iterable[int]) -> list[tuple[Version, dict | None]]:
    """Make what is cheap. Returns the versions that need a second round, each with its
    report if that is made."""
    costly: list[tuple[Version, dict | None]] = []
    budgets: dict[str, Budget] = {}
    for versions in _groups(_versions(version_ids)):
        files, tell_late = _files_of(versions), _Patience(versions)
        rendered: dict[Key, rendering.Rendered] = _stored(versions, files)
        stored, reports = set(rendered), []
        for version in versions:
            budget = budgets.setdefault(
                version.published_by,
                Budget(sandbox.CHEAP, CHEAP_TEXT_SECONDS, CHEAP_SECONDS),
            )
            report = _inspected(version, files[version.pk], budget)
            is_whole = _render(version, files[version.pk], budget, rendered, tell_late)
            if report and is_whole:
                reports.append(_report_row(version, report))
            else:
                costly.append((version, report))
        made = {key: rendered[key] for key in rendered.keys() - stored}
        _keep(versions, made, reports)
    return costly


def _second_round(version_id: int, report: dict | None) -> None:
    """Make the rest of a version, as far as its budget goes.

    report: of its inspection, if the first round made it.
    """
    versions = _versions([version_id])
    budget = Budget(
        sandbox.COSTLY, TEXT_SECONDS, VERSION_SECONDS - CHEAP_SECONDS, is_last=True
    )
    for version in versions:
        files = _files_of(versions)
        rendered = _stored(versions, files)
        stored = set(rendered)
        report = report or _inspected(version, files[version.pk], budget)
        _render(version, files[version.pk], budget, rendered)
        made = {key: rendered[key] for key in rendered.keys() - stored}
        _keep(versions, made, [_report_row(version, report)])


def _versions(ids: Iterable[int]) -> list[Version]:
    versions = Version.objects.filter(pk__in=ids).order_by("pk")
    return list(
        versions.select_related("readme", "function__readme", "function__owner")
    )


def _groups(versions: list[Version]) -> Iterator[list[Version]]:
    group, size = [], 0
    for version in versions:
        if group and size + version.size > TOGETHER_BYTES:
            yield group
            group, size = [], 0
        group.append(version)
        size += version.size
    if group:
        yield group


def _files_of(versions: list[Version]) -> dict[int, list[VersionFile]]:
    """The files of each version, by its id, with their texts."""
    files: dict[int, list[VersionFile]] = {version.pk: [] for version in versions}
    stored = VersionFile.objects.filter(version__in=versions)
    for file in stored.select_related("blob"):
        files[file.version_id].append(file)
    return files


def _keep(
    versions: list[Version],
    rendered: dict[Key, rendering.Rendered],
    reports: list[Inspection],
) -> None:
    # Sorted, so that two processes never wait for one another's rows. One by one:
    # psycopg takes long to quote arrays of HTML.
    rows = [_row(*key, made) for key, made in sorted(rendered.items())]
    whole = [row for row in rows if row.is_complete]
    with transaction.atomic():  # nothing is waited for in it
        Rendering.objects.bulk_create(
            whole,
            update_conflicts=True,  # where there was no budget for it before
            unique_fields=["blob", "kind", "renderer"],
            update_fields=["html", "is_complete", "reason", "prose"],
            batch_size=1,
        )
        Rendering.objects.bulk_create(
            [row for row in rows if not row.is_complete],
            ignore_conflicts=True,
            batch_size=1,
        )
        Inspection.objects.bulk_create(
            reports,
            update_conflicts=True,
            unique_fields=["version"],
            update_fields=["inspector", "report"],
            batch_size=1,
        )
        _tell_search(versions)  # which finds functions by their code from now on


class _Patience:
    """Called between texts: when they take longer than PATIENCE_SECONDS, it tells
    search of these versions, and of those published meanwhile, without the worker."""

    def __init__(self, versions: list[Version]):
        self._unheard = list(versions)
        self._ends = time.monotonic() + PATIENCE_SECONDS

    def __call__(self) -> None:
        if time.monotonic() < self._ends:
            return
        with _lock:
            newcomers = list(_untold)
            _untold.clear()
        unheard = self._unheard + _versions(newcomers)
        if unheard:
            with transaction.atomic():
                _tell_search(unheard)
        self.__init__([])


def _tell_search(versions: Iterable[Version]) -> None:
    """Index the functions of ``versions``, and make stale what shows them."""
    functions = {version.function_id: version.function for version in versions}
    search.index(*functions.values())
    stale = [subject for each in functions.values() for subject in each.cache_subjects]
    cache_versions.bump_on_commit(*stale)


def catch_up() -> int:
    """Schedule the newest versions that lack something. Returns how many."""
    newest = Version.objects.order_by("-id").values("id")[:CATCH_UP_VERSIONS]
    done = Inspection.objects.filter(inspector=inspection.INSPECTOR)
    missing = Version.objects.filter(
        ~Exists(done.filter(version=OuterRef("pk"))), pk__in=newest
    )
    missing = list(missing.order_by("-id").values_list("id", "published_by"))
    for version_id, account in missing:
        schedule(version_id, account)
    return len(missing)


def _stored(versions: list[Version], files) -> dict[Key, None]:
    """The keys of what is rendered already.

    A text that was left out because of others of its version is not: somebody else may
    have published it with better company.
    """
    parts = [part for each in versions for part in _parts(each, files[each.pk])]
    stored = Rendering.objects.filter(
        blob__in={blob.pk for blob, _ in parts}, renderer=rendering.RENDERER
    )
    stored = stored.exclude(is_complete=False, reason=OverBudget.sentence)
    return dict.fromkeys(stored.values_list("blob_id", "kind"))


def _parts(version: Version, files: Iterable[VersionFile]) -> list[tuple[Blob, str]]:
    parts = [(file.blob, rendering.language_of(file.path)) for file in files]
    # The listing's README may have been edited since: its page shows that one.
    readmes = {version.readme, version.function.readme} - {None}
    return parts + [(readme, rendering.README) for readme in readmes]


def _render(
    version: Version,
    files: list[VersionFile],
    budget: Budget,
    rendered: dict,
    between: Callable[[], None] = lambda: None,
) -> bool:
    """Add to ``rendered`` what it lacks of a version, small texts first.

    between: called before each text. Returns whether nothing is missing now.
    """
    parts = sorted(_parts(version, files), key=lambda part: part[0].size)
    wanted = {(blob.pk, kind): blob.text for blob, kind in parts}
    for key, text in wanted.items():
        if key in rendered:
            continue
        between()
        instead = partial(rendering.plain, key[1], text)
        made = budget.made(rendering.rendered, key[1], text, instead=instead)
        if made is not None:
            rendered[key] = made
    return wanted.keys() <= rendered.keys()


def _inspected(
    version: Version, files: list[VersionFile], budget: Budget
) -> dict | None:
    """The report on a version; None if it wants a second round."""
    about = version.manifest, {file.path: file.blob.text for file in files}

    def without_parser(reason: str) -> dict:
        report = budget.made(
            inspection.inspected_text,
            *about,
            instead=partial(inspection.not_inspected, *about),
        )
        return report and report | {"incomplete": reason}

    return budget.made(inspection.inspected, *about, instead=without_parser)


def _report_row(version: Version, report: dict) -> Inspection:
    return Inspection(version=version, inspector=inspection.INSPECTOR, report=report)


def _row(blob_id: str, kind: str, rendered: rendering.Rendered) -> Rendering:
    return Rendering(
        blob_id=blob_id,
        kind=kind,
        renderer=rendering.RENDERER,
        html=rendered.html,
        is_complete=rendered.complete,
        reason=rendered.reason[:200],
        prose=rendered.prose,
    )


# --- in the background


def _start_threads() -> None:
    """A forked process has none of its parent's threads."""
    with _lock:
        if any(thread.is_alive() for thread in _threads):
            return
        _threads[:] = [
            threading.Thread(target=work, name="derived", daemon=True)
            for work in (_do_first_rounds, _do_second_rounds) * sandbox.WORKERS
        ]
        for thread in _threads:
            thread.start()


def _do_first_rounds() -> None:
    while True:
        version_ids = _next()
        close_old_connections()
        try:
            costly = _first_round(version_ids)
        except Exception:  # one of them must not take the others with it
            costly = _one_by_one(version_ids)
        with _lock:
            _under_way.difference_update(version_ids)
            _under_way.update(version.pk for version, _ in costly)
        for version, report in costly:
            _costly.put(version.published_by, (version.pk, report))


def _one_by_one(version_ids: Iterable[int]) -> list[tuple[Version, dict | None]]:
    costly = []
    for version_id in version_ids:
        try:
            costly += _first_round([version_id])
        except Exception:
            log.exception("Version %s is derived at the next start.", version_id)
    return costly


def _do_second_rounds() -> None:
    while True:
        for version_id, report in _taken(_costly, 1):
            close_old_connections()
            try:
                _second_round(version_id, report)
            except Exception:
                log.exception("Version %s is derived at the next start.", version_id)
            with _lock:
                _under_way.discard(version_id)


def _next() -> tuple[int, ...]:
    """The ids of the versions to do next; waits until there is one. A publish after a
    quiet while is done at once; when one follows another, they are gathered."""
    began = time.monotonic()
    taken = _taken(_waiting, TOGETHER)
    if len(taken) < TOGETHER and time.monotonic() - began < QUIET_SECONDS:
        time.sleep(GATHERING_SECONDS)
        taken += _waiting.take(TOGETHER - len(taken), timeout=0)
    with _lock:
        _untold.difference_update(taken)
    return tuple(sorted({*taken}))


def _taken(turns: Turns, most: int) -> list:
    """What is next; waits for it, but holds no connection for long."""
    taken = turns.take(most, timeout=IDLE_SECONDS)
    if not taken:
        connection.close()
        taken = turns.take(most)
    return taken
