"""The sandbox worker: a killable process that parses untrusted text.

Some texts make the libraries for highlighting, Markdown and syntax analysis slow, use
much memory or crash. So they run in a child process with limits on time, memory and
output (docs/architecture.md, "The worker").

There are three lanes with one child each by default: FOREGROUND for callers that wait,
CHEAP and COSTLY for background tasks (derived.py). So a hostile text in the background
never delays a preview, and no cheap text waits behind a costly one.

The child is forked from a fresh interpreter, not from the server (sandbox_child.py): it
inherits no database connection, environment variable or secret. The kernel keeps it
from files, sockets and programs (confinement.py). Its answers are JSON, so a
compromised child cannot make this process run code.
"""

import atexit
import itertools
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from registry.content import sandbox_child
from registry.content.sandbox_child import (
    BASE_DIR,
    MAX_ANSWER_BYTES,
    Child,
    Died,
    Unconfined,
    confinement,
)

__all__ = [
    "BASE_DIR",
    "MAX_ANSWER_BYTES",
    "CHEAP",
    "COSTLY",
    "FOREGROUND",
    "MAX_WAITING",
    "Meter",
    "OutputTooLarge",
    "SandboxBusy",
    "SandboxCrashed",
    "SandboxError",
    "SandboxTimeout",
    "Unconfined",
    "confinement",
    "prepare",
    "run",
]

WORKERS = max(1, int(os.environ.get("SANDBOX_WORKERS") or 1))  # children per lane
MAX_WAITING = 64  # jobs per lane; each may hold 2 MiB of source
# An idle child ends after this time: it holds 12 MB and the memory of its largest text,
# and a new one starts in milliseconds.
IDLE_SECONDS = 5
FOREGROUND, CHEAP, COSTLY = "foreground", "cheap", "costly"

log = logging.getLogger(__name__)


class SandboxError(Exception):
    """The worker gave no result. ``str(error)`` is a sentence for people."""

    sentence = "This text could not be processed."

    def __init__(self, sentence: str = ""):
        super().__init__(sentence or self.sentence)


class SandboxTimeout(SandboxError):
    sentence = "This text took too long to process."


class SandboxCrashed(SandboxError):
    sentence = "Processing this text failed."


class OutputTooLarge(SandboxError):
    sentence = "The result of processing this text is too large."


class SandboxBusy(SandboxError):
    sentence = "Too many texts are waiting to be processed; try again in a moment."


def prepare() -> None:
    """Start the nursery before the server forks: the children of all its processes then
    share memory, and the libraries are loaded before anybody waits. The log gets what
    of the confinement holds.

    Raises Unconfined if a layer of it does not, and REQUIRE_CONFINEMENT is set.
    """
    sandbox_child.start_nursery()
    found = confinement()
    log.log(logging.WARNING if found.lacks else logging.INFO, "%s", found)
    found.check()


class Meter:
    """How many seconds of the worker its tasks have taken; waiting doesn't count."""

    def __init__(self):
        self._jobs: list[_Job] = []

    def add(self, job: "_Job") -> None:
        self._jobs.append(job)

    @property
    def seconds(self) -> float:
        return sum(job.seconds for job in self._jobs)


def run(
    function: Callable,
    *args,
    timeout: float = 2.0,
    lane: str = FOREGROUND,
    meter: Meter | None = None,
    settled: Callable[[Future], None] | None = None,
):
    """Run ``function(*args)`` in the worker and return its result.

    function: module-level and importable; it takes and returns what JSON can hold. A
        worker can open no file: if the function imports or reads one, its module has a
        function ``warm_up`` that makes it do so once (see ``sandbox_worker._load``).
    timeout: seconds. The task is killed this long after its start. In the foreground
        the caller waits no longer either, time in the queue included.
    lane: a background task whose process dies is tried once more, because its result
        may be stored.
    meter: is told what the task costs.
    settled: is called with the task's future, in another thread, when it ends. It is
        told what became of a task that the caller did not wait for to its end.

    Raises SandboxTimeout, SandboxCrashed, OutputTooLarge, SandboxBusy (the task never
    started), or a plain SandboxError with the sentence of a SandboxError that
    ``function`` raised.
    """
    job = _Job(function, args, timeout)
    if meter is not None:
        meter.add(job)
    future = _lane(lane).add(job, settled)
    try:
        return future.result(timeout if lane == FOREGROUND else None)
    except TimeoutError:
        if future.cancel():
            raise SandboxBusy() from None
        raise SandboxTimeout() from None


@dataclass
class _Job:
    function: Callable
    args: tuple
    timeout: float
    future: Future = field(default_factory=Future)
    began: float | None = None  # time.monotonic() when a worker took it
    ended: float | None = None

    @property
    def seconds(self) -> float:
        if self.began is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.began

    def request(self) -> tuple[bytes, float, str]:
        """The arguments of ``Child.ask``."""
        module = self.function.__module__
        name = f"{module}:{self.function.__qualname__}"
        asked = json.dumps([name, self.args, self.timeout]).encode()
        return asked, self.timeout, module


class _Lane:
    """A bounded queue, and threads that each run its jobs in their own child."""

    def __init__(self, name: str):
        self._tries = 1 if name == FOREGROUND else 2
        self._jobs: queue.Queue[_Job] = queue.Queue(MAX_WAITING)
        self.children = [Child() for _ in range(WORKERS)]
        for child in self.children:
            threading.Thread(
                target=self._work, args=(child,), name=f"sandbox-{name}", daemon=True
            ).start()

    def add(self, job: _Job, settled: Callable[[Future], None] | None = None) -> Future:
        if settled:
            job.future.add_done_callback(settled)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise SandboxBusy() from None
        return job.future

    def _work(self, child: Child) -> None:
        while True:
            job = self._next(child)
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                result = self._ask(child, job)
            except SandboxError as error:
                job.future.set_exception(error)
            except Exception:
                log.exception("The sandbox failed on %s.", job.function)
                job.future.set_exception(SandboxCrashed())
            else:
                job.future.set_result(result)

    def _next(self, child: Child) -> _Job:
        try:
            return self._jobs.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            child.stop()
            return self._jobs.get()

    def _ask(self, child: Child, job: _Job):
        for left in reversed(range(self._tries)):
            try:
                child.start()
                job.began = job.began or time.monotonic()
                return _result(child.ask(*job.request()))
            except TimeoutError:
                raise SandboxTimeout() from None
            except Died:
                if not left:
                    raise SandboxCrashed() from None
            finally:
                job.ended = time.monotonic()


def _result(answer: dict):
    """The result in a worker's answer. Raises the error it reports."""
    match answer:
        case {"result": result}:
            return result
        case {"refused": sentence}:
            raise SandboxError(sentence)
        case {"too_large": _}:
            raise OutputTooLarge()
        case {"failed": why}:
            log.error("The sandbox worker reports: %s", why)
    raise SandboxCrashed()


_lanes: dict[str, _Lane] = {}
_lock = threading.Lock()


def _lane(name: str) -> _Lane:
    with _lock:
        if name not in _lanes:
            _lanes[name] = _Lane(name)
        return _lanes[name]


def _children() -> list[Child]:
    return list(itertools.chain.from_iterable(x.children for x in _lanes.values()))


def _forget_after_fork() -> None:
    """Start afresh in a forked web process, which has none of its parent's threads."""
    global _lanes, _lock
    for child in _children():
        child.abandon()
    sandbox_child.after_fork()
    _lanes, _lock = {}, threading.Lock()


@atexit.register
def _kill_all() -> None:
    for child in _children():
        child.kill()
    sandbox_child.end_nursery()


os.register_at_fork(after_in_child=_forget_after_fork)
