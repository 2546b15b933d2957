"""The processes that ``sandbox.py`` has its tasks done in, seen from outside.

A *nursery* is a fresh interpreter without environment, connections or secrets
(``sandbox_worker.py``). It loads the libraries once, handles no text itself, and forks
a child for each one that is asked for: it is there in milliseconds, and it shares the
libraries' memory with all others. A child is talked to by frames of JSON over a socket
of its own, and is killed by whoever asked for it.
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
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
MAX_ANSWER_BYTES = 8 * 1024 * 1024
START_SECONDS = 30  # a child that is not ready by then is given up


class Died(Exception):
    """The child ended, or said what can't be understood."""


class Child:
    """One worker process, started when first needed and again after each death."""

    def __init__(self):
        self._process: _Process | None = None

    def ask(self, request: bytes, timeout: float) -> dict:
        """The answer to one request of at most ``timeout`` seconds.

        Raises TimeoutError or Died; the process is gone then.
        """
        self.start()
        return self._exchange(request, timeout)

    def start(self) -> None:
        """Have a living process. Raises TimeoutError or Died."""
        if self._process is not None and self._process.has_ended():
            self.stop()
        if self._process is not None:
            return
        try:
            self._begin()
        except Died:  # the nursery was on its way out: there is another one now
            self._begin()

    def _begin(self) -> None:
        self._process = _Process(_nursery.fork())
        try:
            ready = self._exchange(None, START_SECONDS)
        except (TimeoutError, Died):
            _nursery.close()
            raise
        self._process.is_called(ready["ready"])

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.close()

    def kill(self) -> None:
        """End the process from another thread than the one that asks it."""
        if (process := self._process) is not None:
            process.kill()

    def abandon(self) -> None:
        """Let go of a process that belongs to the parent of this (forked) one."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def _exchange(self, request: bytes | None, timeout: float) -> dict:
        """Send one frame, read one back; whatever goes wrong ends the process."""
        stream = _Until(time.monotonic() + timeout, self._process.socket)
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


class _Process:
    """A process that is another one's child: known by its socket and its number."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._pid = self._handle = None

    def is_called(self, pid: int) -> None:
        """It is ready. Where the system can, and its containers may (older ones
        refuse), it is held on to: numbers are given again."""
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            pass  # it has ended
        except (AttributeError, OSError):
            self._pid = pid

    def has_ended(self) -> bool:
        return bool(self._poll.poll(0))  # nothing was asked: it is the end

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
    """The interpreter that forks children: started once, shared by those who are
    forked from whoever started it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen | None = None

    def fork(self) -> socket.socket:
        """A socket to a new child."""
        ours, theirs = socket.socketpair()
        # What a child doesn't read must not hold up whoever waits for it.
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
        """In a forked process: go on using the parent's, which isn't ours to end."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0  # not ours to wait for

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
                start_new_session=True,  # Ctrl-C is for the server, not for these
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
start_nursery, end_nursery = _nursery.start, _nursery.close
after_fork = _nursery.after_fork


class _Until:
    """A socket, read or written until a deadline; then TimeoutError."""

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
