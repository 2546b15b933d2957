"""The killable worker: strangers' text is parsed in a process of its own.

Highlighting, Markdown and syntax analysis run on libraries that some inputs can
make slow, hungry or crash. So they run in a child process that can be killed, with
limits on time, memory and output (docs/architecture.md, "The worker").

Two lanes, one child each by default: ``run`` (someone waits) and ``submit`` (nobody
waits). A hostile text in the background never delays a preview.

The child is a fresh interpreter (never a fork of the server): it inherits no
database connection, no environment variable and no secret, and its answers are
JSON, so that a compromised child cannot make this process run anything.
"""

import atexit
import itertools
import json
import logging
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
WORKERS = max(1, int(os.environ.get("SANDBOX_WORKERS") or 1))  # children per lane
MAX_WAITING = 64  # jobs per lane; each may hold 2 MiB of source
MAX_ANSWER_BYTES = 8 * 1024 * 1024
FOREGROUND, BACKGROUND = "foreground", "background"
START_SECONDS = 30  # a child that is not ready by then is given up

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


class _Died(SandboxCrashed):
    """The process ended in the middle of a task, perhaps for no fault of its text."""


class OutputTooLarge(SandboxError):
    sentence = "The result of processing this text is too large."


class SandboxBusy(SandboxError):
    sentence = "Too many texts are waiting to be processed; try again in a moment."


def run(function: Callable, *args, timeout: float = 2.0):
    """Run ``function(*args)`` in the worker and return its result.

    function: module-level and importable; it takes and returns what JSON can hold.
    timeout: seconds. The caller waits no longer than this, time in the queue
        included; the task itself is killed this long after it has started.

    Raises SandboxTimeout, SandboxCrashed, OutputTooLarge, SandboxBusy, or a plain
    SandboxError with the sentence of a SandboxError that ``function`` raised.
    """
    future = _lane(FOREGROUND).add(_Job(function, args, timeout))
    try:
        return future.result(timeout)
    except TimeoutError:
        future.cancel()
        raise SandboxTimeout() from None


def submit(
    function: Callable,
    *args,
    timeout: float = 2.0,
    done: Callable[[object, SandboxError | None], None],
) -> None:
    """Run ``function(*args)`` in the background; nobody waits.

    timeout: seconds, counted from when the task starts, not while it is queued.
        A task whose process dies is tried once more: its result may be kept for long.
    done: called as ``done(result, None)`` or ``done(None, error)`` in a thread of
        this process, once. It must not wait for another background task, and a
        database connection it opens is its own to close.

    Raises SandboxBusy at once when too many tasks wait; ``done`` is not called then.
    """

    def settled(future: Future) -> None:
        error = future.exception()
        done(None if error else future.result(), error)

    _lane(BACKGROUND).add(_Job(function, args, timeout), settled)


@dataclass
class _Job:
    function: Callable
    args: tuple
    timeout: float
    future: Future = field(default_factory=Future)

    def request(self) -> bytes:
        name = f"{self.function.__module__}:{self.function.__qualname__}"
        return json.dumps([name, self.args, self.timeout]).encode()


class _Lane:
    """A bounded queue and the threads that each work it off with their own child."""

    def __init__(self, name: str):
        self._tries = 2 if name == BACKGROUND else 1
        self._jobs: queue.Queue[_Job] = queue.Queue(MAX_WAITING)
        self.children = [_Child() for _ in range(WORKERS)]
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

    def _work(self, child: "_Child") -> None:
        while True:
            job = self._jobs.get()
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
            child.start_again_if_dead()

    def _ask(self, child: "_Child", job: _Job):
        for left in reversed(range(self._tries)):
            try:
                return child.ask(job.request(), job.timeout)
            except _Died:
                if not left:
                    raise


class _Child:
    """One worker process, started when first needed and again after each death."""

    def __init__(self):
        self.process: subprocess.Popen | None = None

    def ask(self, request: bytes, timeout: float):
        """The worker's result for one request; kills it after ``timeout`` seconds."""
        self._start()
        answer = self._exchange(request, timeout)
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

    def start_again_if_dead(self) -> None:
        """Start the next process while nobody waits for it."""
        if self.process is None:
            try:
                self._start()
            except SandboxError as error:
                log.error("The sandbox worker did not start: %s", error)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

    def abandon(self) -> None:
        """Let go of a process that belongs to the parent of this (forked) one."""
        process, self.process = self.process, None
        if process is not None:
            process.returncode = 0  # not ours to wait for
            process.stdin.close()
            process.stdout.close()

    def _start(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            self.stop()
        if self.process is not None:
            return
        self.process = subprocess.Popen(
            [sys.executable, "-m", "registry.sandbox_worker"],
            cwd=BASE_DIR,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the server, not for its worker
        )
        # What a child doesn't read must not hold up whoever waits for it.
        os.set_blocking(self.process.stdin.fileno(), False)
        self._exchange(None, START_SECONDS)  # its first frame says that it is ready

    def _exchange(self, request: bytes | None, timeout: float) -> dict:
        """Send one frame, read one back; whatever goes wrong ends the process."""
        process, deadline = self.process, time.monotonic() + timeout
        try:
            if request is not None:
                send_frame(_Until(deadline, process.stdin), request)
            answers = _Until(deadline, process.stdout)
            return json.loads(receive_frame(answers, MAX_ANSWER_BYTES))
        except TimeoutError:
            self.stop()
            raise SandboxTimeout() from None
        except (OSError, EOFError, ValueError):
            self.stop()
            ran_out = process.returncode == -signal.SIGXCPU
            raise SandboxTimeout() if ran_out else _Died() from None


class _Until:
    """One end of a pipe, read or written until a deadline; then TimeoutError."""

    def __init__(self, deadline: float, stream):
        self._deadline, self._stream = deadline, stream
        self._poll = select.poll()
        self._poll.register(
            stream, select.POLLOUT if stream.writable() else select.POLLIN
        )

    def read(self, size: int) -> bytes:
        self._wait()
        return self._stream.read(size)

    def write(self, view: memoryview) -> int:
        self._wait()
        return self._stream.write(view) or 0  # None: there was no room after all

    def _wait(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not self._poll.poll(left * 1000):
            raise TimeoutError


def send_frame(stream, payload: bytes) -> None:
    """Write ``payload`` with its length before it to an unbuffered ``stream``."""
    view = memoryview(len(payload).to_bytes(4, "big") + payload)
    while view:
        view = view[stream.write(view) :]


def receive_frame(stream, max_bytes: int) -> bytes:
    """Read what ``send_frame`` wrote. Raises EOFError at the end, ValueError above
    ``max_bytes``."""
    size = int.from_bytes(_read(stream, 4), "big")
    if size > max_bytes:
        raise ValueError(f"a frame of {size} bytes")
    return _read(stream, size)


def _read(stream, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = stream.read(min(missing, 65536))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


_lanes: dict[str, _Lane] = {}
_lock = threading.Lock()


def _lane(name: str) -> _Lane:
    with _lock:
        if name not in _lanes:
            _lanes[name] = _Lane(name)
        return _lanes[name]


def _children() -> list[_Child]:
    return list(itertools.chain.from_iterable(x.children for x in _lanes.values()))


def _forget_after_fork() -> None:
    """A forked web process has none of its parent's threads: it starts afresh."""
    global _lanes, _lock
    for child in _children():
        child.abandon()
    _lanes, _lock = {}, threading.Lock()


@atexit.register
def _kill_all() -> None:
    for child in _children():
        if child.process is not None:
            child.process.kill()


os.register_at_fork(after_in_child=_forget_after_fork)
