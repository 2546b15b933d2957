"""What is computed from published bytes and kept: HTML per blob, facts per version.

Made after the commit, in a thread of the web process that waits for the worker; never
undoes a publish. A version is done when it has an Inspection of this INSPECTOR, the
last thing made, so work that a dying process left behind is found again
(``catch_up``) and done.
"""

import logging
import queue
import threading

from django.conf import settings
from django.db import close_old_connections, connection

from accounts import freshness
from registry import inspection, rendering, search
from registry.models import Blob, Inspection, Rendering, Version

CATCH_UP_VERSIONS = 1000

log = logging.getLogger(__name__)
_waiting: queue.SimpleQueue = queue.SimpleQueue()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def schedule(version_id: int) -> None:
    """Have everything derived from a version made soon, in the background."""
    global _thread
    if not settings.DERIVE_IN_BACKGROUND:
        return
    _waiting.put(version_id)
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="derived", daemon=True)
            _thread.start()


def make(version_id: int) -> None:
    """Make what is missing of one version; waits for the worker. Safe to repeat."""
    version = Version.objects.select_related("readme", "function__readme").get(
        pk=version_id
    )
    files = list(version.files.select_related("blob"))
    for blob, kind in _parts(version, files):
        if not _stored(blob, kind).exists():
            _keep(blob, kind, _rendered(kind, blob.text))
    report = _inspected(version.manifest, {file.path: file.blob.text for file in files})
    Inspection.objects.update_or_create(
        version=version,
        defaults={"inspector": inspection.INSPECTOR, "report": report},
    )
    search.index(version.function)  # now its code and what it reaches are known
    freshness.touch_on_commit()


def catch_up() -> int:
    """Schedule the newest versions that lack something. Returns how many."""
    done = Inspection.objects.filter(inspector=inspection.INSPECTOR)
    newest = Version.objects.order_by("-id").values_list("id", flat=True)
    newest = list(newest[:CATCH_UP_VERSIONS])
    made = set(done.filter(version__in=newest).values_list("version_id", flat=True))
    missing = [version_id for version_id in newest if version_id not in made]
    for version_id in missing:
        schedule(version_id)
    return len(missing)


def _parts(version: Version, files) -> list[tuple[Blob, str]]:
    parts = [(file.blob, rendering.language_of(file.path)) for file in files]
    # The listing's README may have been edited since: its page shows that one.
    readmes = {version.readme, version.function.readme} - {None}
    return parts + [(readme, rendering.README) for readme in readmes]


def _stored(blob: Blob, kind: str):
    return Rendering.objects.filter(blob=blob, kind=kind, renderer=rendering.RENDERER)


def _keep(blob: Blob, kind: str, rendered: rendering.Rendered) -> None:
    Rendering.objects.bulk_create(
        [
            Rendering(
                blob=blob,
                kind=kind,
                renderer=rendering.RENDERER,
                html=rendered.html,
                is_complete=rendered.complete,
                reason=rendered.reason[:200],
            )
        ],
        ignore_conflicts=True,
    )


def _rendered(kind: str, text: str) -> rendering.Rendered:
    """Rendered on the background lane, so that no preview waits behind it."""
    answer: queue.SimpleQueue = queue.SimpleQueue()
    rendering.render_later(kind, text, answer.put)
    return answer.get()


def _inspected(manifest: dict, files: dict[str, str]) -> dict:
    """Inspected on the background lane, like all that nobody waits for."""
    answer: queue.SimpleQueue = queue.SimpleQueue()
    inspection.inspect_later(manifest, files, answer.put)
    return answer.get()


def _work() -> None:
    while True:
        try:
            version_id = _waiting.get(timeout=60)
        except queue.Empty:
            connection.close()  # hold no connection while there is nothing to do
            version_id = _waiting.get()
        close_old_connections()
        try:
            make(version_id)
        except Exception:
            log.exception("Version %s is derived at the next start.", version_id)
