"""How long what is derived from a version takes to be there, while authors publish."""

import json
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.databases import ROOT

STEP_SECONDS = 0.02
GIVEN_UP_SECONDS = 120


@contextmanager
def watched(environment: dict) -> Iterator[dict]:
    """Watch the versions published within.

    environment: of the Hub they are published on, such as DATABASE_URL.

    Yields a dict that at the end has ``versions``, their number, and ``p50``,
    ``p99`` and ``most``: seconds from publishing until HTML and facts were stored,
    to about STEP_SECONDS. Waits for the last of them, GIVEN_UP_SECONDS at most;
    those that never came count as that long.
    """
    found: dict = {}
    watcher = subprocess.Popen(
        [sys.executable, "-m", "bench.deriving"],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        watcher.stdout.readline()  # it is watching
        yield found
        said, _ = watcher.communicate(timeout=GIVEN_UP_SECONDS + 30)
        found.update(json.loads(said))
    finally:
        watcher.kill()
        watcher.wait()


def main() -> None:
    """Watch until standard input ends and all is done; print what was seen."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["DERIVE_IN_BACKGROUND"] = "0"
    import django

    django.setup()
    print("watching", flush=True)
    print(json.dumps(_summary(list(_waits()))))


def _waits() -> Iterator[float]:
    """Seconds that each new version waited, as they come to be done."""
    from registry.models import Inspection, Version

    versions = Version.objects.order_by("id").values_list("id", "published_at")
    last = versions.values_list("id", flat=True).last() or 0
    waiting, ended = {}, None
    while ended is None or (waiting and time.time() - ended < GIVEN_UP_SECONDS):
        if ended is None and select.select([sys.stdin], [], [], STEP_SECONDS)[0]:
            ended = time.time()
        time.sleep(0 if ended is None else STEP_SECONDS)
        new = versions.filter(id__gt=last)
        waiting |= {pk: at.timestamp() for pk, at in new}
        last = max(last, *waiting) if waiting else last
        done = Inspection.objects.filter(version__in=waiting)
        now = time.time()
        for pk in done.values_list("version_id", flat=True):
            yield now - waiting.pop(pk)
    yield from [float(GIVEN_UP_SECONDS)] * len(waiting)


def _summary(waits: list[float]) -> dict:
    waits.sort()
    if not waits:
        return {"versions": 0, "p50": 0.0, "p99": 0.0, "most": 0.0}
    return {
        "versions": len(waits),
        "p50": statistics.median(waits),
        "p99": waits[min(len(waits) - 1, int(len(waits) * 0.99))],
        "most": waits[-1],
    }


if __name__ == "__main__":
    main()
