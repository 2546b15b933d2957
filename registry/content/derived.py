"""What is computed from published bytes and kept: HTML per blob, facts per version.

It is made after the commit, in a thread of the web process that waits for the worker,
and never undoes a publish. A version is done when it has an Inspection of this
INSPECTOR, which is made last. So a process that starts finds what one that died left
undone (``catch_up``). Versions that are published close together are done together.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from functools import partial

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Exists, OuterRef

from core.cache import versions as cache_versions
from registry import inspection, search
from registry.content import rendering
from registry.content.sandbox import SandboxError
from registry.models import Blob, Inspection, Rendering, Version, VersionFile

CATCH_UP_VERSIONS = 1000
# After a publish the thread waits GATHERING_SECONDS for others, to do them together;
# not after QUIET_SECONDS without any. Texts of a group are held in memory and its rows
# are written in one transaction, which other writers wait for: so groups are bounded.
GATHERING_SECONDS, QUIET_SECONDS = 0.15, 1.0
TOGETHER, TOGETHER_BYTES = 12, 256 * 1024
UNDER_WAY = 16  # texts handed to the worker at once; it refuses too many
PATIENCE_SECONDS = 1.0  # after which search is told without waiting for the worker

log = logging.getLogger(__name__)
_waiting: queue.SimpleQueue = queue.SimpleQueue()
_put_by: list[int] = []  # ids taken from the queue whose turn has not come
_lock = threading.Lock()
_thread: threading.Thread | None = None
_room = threading.Semaphore(UNDER_WAY)


def enqueue(version: Version) -> None:
    """Make what is derived from ``version``, just published, after the commit.

    Search is told then too, outside the transaction that others wait for. Where
    nothing is made in the background, search is told at once.
    """
    if settings.DERIVE_IN_BACKGROUND:
        transaction.on_commit(partial(schedule, version.pk))
    else:
        search.index(version.function)


def schedule(version_id: int) -> None:
    """Make what is derived from a version soon, in the background."""
    global _thread
    if not settings.DERIVE_IN_BACKGROUND:
        return
    _waiting.put(version_id)
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="derived", daemon=True)
            _thread.start()


def make(*version_ids: int) -> None:
    """Make what is missing of these versions, and wait for it. Safe to repeat."""
    for versions in _groups(_versions(version_ids)):
        files: dict[int, list[VersionFile]] = {version.pk: [] for version in versions}
        stored = VersionFile.objects.filter(version__in=versions)
        for file in stored.select_related("blob"):
            files[file.version_id].append(file)
        rendered = _rendered(_missing(versions, files))
        reports = [_inspected(version, files[version.pk]) for version in versions]
        _wait([html for _, html in rendered] + reports, versions)
        _keep(
            versions,
            [_row(blob, kind, html.result()) for (blob, kind), html in rendered],
            [
                Inspection(
                    version=version,
                    inspector=inspection.INSPECTOR,
                    report=report.result(),
                )
                for version, report in zip(versions, reports, strict=True)
            ],
        )


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


def _keep(versions, renderings: list[Rendering], reports: list[Inspection]) -> None:
    with transaction.atomic():  # nothing is waited for in it
        # One by one: psycopg takes long to quote arrays of HTML.
        Rendering.objects.bulk_create(renderings, ignore_conflicts=True, batch_size=1)
        Inspection.objects.bulk_create(
            reports,
            update_conflicts=True,
            unique_fields=["version"],
            update_fields=["inspector", "report"],
            batch_size=1,
        )
        _tell_search(versions)  # which finds functions by their code from now on


def _wait(made: list[Future], versions: list[Version]) -> None:
    """Wait for the worker. When it takes longer than PATIENCE_SECONDS, tell search of
    these versions, and of those published meanwhile, without it."""
    unheard = list(versions)
    while wait(made, timeout=PATIENCE_SECONDS).not_done:
        if threading.current_thread() is _thread:
            newcomers = _newcomers()
            _put_by.extend(newcomers)
            unheard += _versions(newcomers)
        if unheard:
            with transaction.atomic():
                _tell_search(unheard)
            unheard = []


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
    missing = list(missing.order_by("-id").values_list("id", flat=True))
    for version_id in missing:
        schedule(version_id)
    return len(missing)


def _missing(versions, files) -> dict[tuple[str, str], str]:
    """(blob, kind) -> text, of everything that is not rendered yet."""
    texts = {}
    for version in versions:
        for blob, kind in _parts(version, files[version.pk]):
            texts[blob.pk, kind] = blob.text
    stored = Rendering.objects.filter(
        blob__in={blob_id for blob_id, _ in texts}, renderer=rendering.RENDERER
    )
    for done in stored.values_list("blob_id", "kind"):
        texts.pop(done, None)
    return texts


def _parts(version: Version, files: Iterable[VersionFile]) -> list[tuple[Blob, str]]:
    parts = [(file.blob, rendering.language_of(file.path)) for file in files]
    # The listing's README may have been edited since: its page shows that one.
    readmes = {version.readme, version.function.readme} - {None}
    return parts + [(readme, rendering.README) for readme in readmes]


def _rendered(texts: dict) -> list[tuple[tuple[str, str], Future]]:
    """Render texts on the background lane, so that no preview waits behind them. They
    are sorted, so that two processes never wait for one another's rows."""
    rendered = []
    for (blob_id, kind), text in sorted(texts.items()):
        html = _later(rendering.render_later, kind, text)
        rendered.append(((blob_id, kind), html))
    return rendered


def _inspected(version: Version, files: Iterable[VersionFile]) -> Future:
    """Inspect a version on the background lane: nobody waits for it."""
    texts = {file.path: file.blob.text for file in files}
    return _later(inspection.inspect_later, version.manifest, texts)


def _later(submit: Callable, *args) -> Future:
    """What ``submit(*args, done)`` hands to ``done``. Waits while UNDER_WAY texts are
    with the worker."""
    made: Future = Future()

    def done(result) -> None:
        _room.release()
        made.set_result(result)

    _room.acquire()
    try:
        submit(*args, done)
    except SandboxError:
        _room.release()
        raise
    return made


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


def _work() -> None:
    while True:
        version_ids = _next()
        close_old_connections()
        try:
            make(*version_ids)
        except Exception:
            if len(version_ids) == 1:
                log.exception("Version %s is derived at the next start.", *version_ids)
            else:  # one of them must not take the others with it
                _one_by_one(version_ids)


def _one_by_one(version_ids: Iterable[int]) -> None:
    for version_id in version_ids:
        try:
            make(version_id)
        except Exception:
            log.exception("Version %s is derived at the next start.", version_id)


def _next() -> tuple[int, ...]:
    """The ids of the versions to do next; waits until there is one. A publish after a
    quiet while is done at once; when one follows another, they are gathered."""
    if not _put_by:
        began = time.monotonic()
        try:
            _put_by.append(_waiting.get(timeout=60))
        except queue.Empty:
            connection.close()  # hold no connection while there is nothing to do
            _put_by.append(_waiting.get())
        if time.monotonic() - began < QUIET_SECONDS:
            time.sleep(GATHERING_SECONDS)
    _put_by.extend(_newcomers())
    version_ids = tuple(sorted({*_put_by[:TOGETHER]}))
    del _put_by[:TOGETHER]
    return version_ids


def _newcomers() -> list[int]:
    """The ids scheduled since; doesn't wait."""
    found = []
    while not _waiting.empty():
        found.append(_waiting.get())
    return found
