"""The parent's side of the sandbox: starting, asking and killing worker processes.

A *nursery* is a fresh interpreter without environment, connections or secrets
(``sandbox_worker.py``). It loads the libraries once, handles no text itself, and forks
children on request: each starts in milliseconds and shares the libraries' memory with
the others. A child confines itself (``confinement.py``), answers JSON frames over its
own socket, and is killed by the process that requested it.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
MAX_ANSWER_BYTES = 8 * 1024 * 1024
START_SECONDS = 30  # for a child to become ready
REQUIRED = os.environ.get("REQUIRE_CONFINEMENT") == "1"  # see config/settings.py


class Died(Exception):
    """The child ended or sent an invalid answer."""


class Unconfined(Exception):
    """A layer of confinement does not hold, and REQUIRE_CONFINEMENT is set. The message
    is for the operator."""


@dataclass(frozen=True)
class Confinement:
    """What a child found when it tried what it must not do.

    layers: name -> "" if it holds, or what goes on after the name.
    """

    layers: dict[str, str]

    @property
    def lacks(self) -> list[str]:
        """Words for each layer that does not hold: "Landlock is not in this kernel"."""
        return [f"{name} {why}" for name, why in self.layers.items() if why]

    def check(self) -> None:
        """Raise Unconfined if a layer does not hold and the operator requires all."""
        if REQUIRED and self.lacks:
            raise Unconfined(
                f"REQUIRE_CONFINEMENT=1, and in the worker {', '.join(self.lacks)}. "
                'docs/self-hosting.md, "Confinement", says what each layer needs. '
                "REQUIRE_CONFINEMENT=0 starts with those that hold."
            )

    def __str__(self):
        holding = ", ".join(name for name, why in self.layers.items() if not why)
        return f"worker: {'; '.join(filter(None, [holding, *self.lacks]))}"


class Child:
    """One worker process, started when needed and restarted after it died."""

    def __init__(self):
        self._process: _Process | None = None

    def ask(self, request: bytes, timeout: float, module: str) -> dict:
        """The answer to one request of at most ``timeout`` seconds.

        module: the name of the one that the task is in. A child loads nothing; one that
        lacks the module is replaced by one that the nursery forks with it.

        Raises TimeoutError or Died; the process has been ended then.
        """
        self.start()
        answer = self._exchange(request, timeout)
        if "unloaded" in answer:
            self.stop()
            self.start(module)
            answer = self._exchange(request, timeout)
        return answer

    def start(self, module: str = "") -> None:
        """Start the process unless it runs. Raises TimeoutError, Died or Unconfined."""
        if self._process is not None and self._process.has_ended():
            self.stop()
        if self._process is not None:
            return
        try:
            self._begin(module)
        except Died:  # the nursery was ending; the next try starts a new one
            self._begin(module)

    def _begin(self, module: str) -> None:
        global _confinement
        self._process = _Process(_nursery.fork(module))
        try:
            ready = self._exchange(None, START_SECONDS)
        except (TimeoutError, Died):
            _nursery.close()
            raise
        self._process.is_called(ready["ready"])
        _confinement = Confinement(ready["confinement"])
        try:
            _confinement.check()
        except Unconfined:
            self.stop()
            raise

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.close()

    def kill(self) -> None:
        """End the process; may be called from another thread than ``ask``."""
        if (process := self._process) is not None:
            process.kill()

    def abandon(self) -> None:
        """After a fork: forget the process, which belongs to the parent."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def _exchange(self, request: bytes | None, timeout: float) -> dict:
        """Send one frame and read one. Any error ends the process."""
        stream = _DeadlineSocket(time.monotonic() + timeout, self._process.socket)
        try:
            if request is not None:
                send_frame(stream, request)
            return json.loads(receive_frame(stream, MAX_ANSWER_BYTES))
        except TimeoutError:
            self.stop()
            raise
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            raise Died() from error


def confinement() -> Confinement:
    """What the last child found. If there was none, one is started for it."""
    if _confinement is None:
        child = Child()
        try:
            child.start()
        except Unconfined:
            pass
        except (TimeoutError, Died):
            return Confinement({"it": "does not start"})
        child.stop()
    return _confinement


class _Process:
    """A worker process. It is the nursery's child, so it is known by socket and pid."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._pid = self._handle = None

    def is_called(self, pid: int) -> None:
        """Note the pid.

        A pidfd is preferred, because pids are reused. Not every system has it, and
        older containers refuse it.
        """
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            pass  # it has ended
        except (AttributeError, OSError):
            self._pid = pid

    def has_ended(self) -> bool:
        return bool(self._poll.poll(0))  # readable without a request means closed

    def kill(self) -> None:
        try:
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._pid is not None:
                os.kill(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self) -> None:
        self.socket.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class _Nursery:
    """The interpreter that forks children. It is started once and shared with processes
    forked later."""

    def __init__(self):
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen | None = None

    def fork(self, module: str) -> socket.socket:
        """A socket to a new child, which has ``module`` loaded."""
        ours, theirs = socket.socketpair()
        ours.sendall(len(module).to_bytes(4, "big") + module.encode())
        # Non-blocking: a child that reads nothing must not block the caller.
        ours.setblocking(False)
        with theirs, self._lock:
            try:
                self._start()
                self._send(theirs)
            except OSError:  # it died
                self._close()
                self._start()
                self._send(theirs)
        return ours

    def start(self) -> None:
        with self._lock:
            self._start()

    def close(self) -> None:
        with self._lock:
            self._close()

    def after_fork(self) -> None:
        """In a forked process: keep using the parent's nursery, but never end it."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0  # stops Popen from waiting for it

    def _send(self, theirs: socket.socket) -> None:
        socket.send_fds(self._control, [b"."], [theirs.fileno()])

    def _start(self) -> None:
        if self._control is not None:
            return
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "registry.content.sandbox_worker"],
                cwd=BASE_DIR,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=theirs,
                start_new_session=True,  # Ctrl-C must not reach the nursery
            )

    def _close(self) -> None:
        control, self._control = self._control, None
        if control is not None:
            control.close()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


_nursery = _Nursery()
_confinement: Confinement | None = None
start_nursery, end_nursery = _nursery.start, _nursery.close
after_fork = _nursery.after_fork


class _DeadlineSocket:
    """A socket with a deadline: later reads and writes raise TimeoutError."""

    def __init__(self, deadline: float, connection: socket.socket):
        self._deadline, self._socket = deadline, connection
        self._poll = select.poll()

    def read(self, size: int) -> bytes:
        self._wait(select.POLLIN)
        return self._socket.recv(size)

    def write(self, view: memoryview) -> int:
        self._wait(select.POLLOUT)
        return self._socket.send(view)

    def _wait(self, event: int) -> None:
        self._poll.register(self._socket, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not self._poll.poll(left * 1000):
            raise TimeoutError


def send_frame(stream, payload: bytes) -> None:
    """Write ``payload`` with its length before it to an unbuffered ``stream``."""
    view = memoryview(len(payload).to_bytes(4, "big") + payload)
    while view:
        view = view[stream.write(view) :]


def receive_frame(stream, max_bytes: int) -> bytes:
    """Read a frame that ``send_frame`` wrote. Raises EOFError at the end of the stream,
    ValueError above ``max_bytes``."""
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
