"""The process that answers requests: gunicorn's thread worker, whose threads never
wait for a client.

gunicorn gives a connection a thread when it is accepted. There the thread waits for
the request, and then for the client to take the answer. So a few clients that send half
a request, or don't read, would stop a process. Here the main loop, which waits for all
connections at once, reads each request to its end before a thread gets it, and sends
what a client didn't take at once. A slow client costs memory alone, which is bounded.

One connection is one request: so a request is never behind another one, and nginx in
front keeps its clients' connections. TLS ends at a proxy.

A request that hangs can't be stopped alone, because no thread can. When one has run for
gunicorn's ``timeout``, its process takes no more requests, lets the others finish, and
ends. gunicorn starts another. A process that doesn't get as far, because something
holds Python's lock, is killed by gunicorn after the same time.
"""

import errno
import os
import selectors
import time
from concurrent.futures import Future
from contextlib import suppress

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

MAX_HEAD_BYTES = 64 * 1024
# As client_max_body_size in deploy/nginx.conf. The API answers 413 itself, in its own
# format, once it has been given more than it wants (docs/api.md, "Requests").
MAX_BODY_BYTES = 9 * 1024 * 1024
READS_MORE_THAN_IT_WANTS = b"/api/"
# Of all requests that are not whole yet and answers that are not taken yet, in one
# process. Beyond it, who has waited longest has to go.
MAX_HELD_BYTES = 64 * 1024 * 1024
READ_BYTES = 64 * 1024  # at once
LAST_SECONDS = 2  # for a client to stop sending, once it is answered
DRAIN_SECONDS = 5  # for other requests, when one hangs


class Incoming:
    """What a client has sent of its one request, and whether that is all of it.

    This only finds the end. Whether the request is a good one is for gunicorn's parser
    to say; what can't be understood is given to it as it is.
    """

    def __init__(self):
        self.data = bytearray()
        self.expects_continue = False
        self.is_cut = False  # the body is longer than MAX_BODY_BYTES
        self._searched = 0  # bytes without the end of the head
        self._body_at = 0  # 0 until the head is whole
        self._end = 0  # of the request, or of the last whole chunk
        self._is_chunked = False

    @property
    def path(self) -> bytes:
        """The path asked for, without its query."""
        line = bytes(self.data[:READ_BYTES]).partition(b"\r\n")[0].split(b" ")
        return line[1].partition(b"?")[0] if len(line) > 1 else b""

    def add(self, data: bytes) -> bool:
        """Take ``data``. Returns whether the request is whole, or too much already."""
        self.data += data
        if not self._body_at and not self._read_head():
            return len(self.data) > MAX_HEAD_BYTES
        if len(self.data) - self._body_at > MAX_BODY_BYTES:
            self.is_cut = True
            return True
        return self._has_last_chunk() if self._is_chunked else self._has_end()

    def _read_head(self) -> bool:
        at = self.data.find(b"\r\n\r\n", self._searched)
        if at < 0:
            self._searched = max(0, len(self.data) - 3)
            return False
        self._body_at = self._end = at + 4
        fields = {}
        for line in bytes(self.data[:at]).split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip().lower()
        self.expects_continue = fields.get(b"expect") == b"100-continue"
        self._is_chunked = b"transfer-encoding" in fields
        length = fields.get(b"content-length", b"")
        if length.isdigit() and len(length) < 20:
            self._end += int(length)
        return True

    def _has_end(self) -> bool:
        return len(self.data) >= self._end

    def _has_last_chunk(self) -> bool:
        """RFC 9112, 7.1: chunks, one of no bytes, trailers, an empty line."""
        while self._has_end():
            line_end = self.data.find(b"\r\n", self._end, self._end + MAX_HEAD_BYTES)
            if line_end < 0:
                return len(self.data) - self._end > MAX_HEAD_BYTES
            line = bytes(self.data[self._end : line_end])
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                return True
            if size <= 0:
                has_end = self.data.find(b"\r\n\r\n", line_end) >= 0
                return has_end or len(self.data) - line_end > MAX_HEAD_BYTES
            self._end = line_end + 2 + size + 2
        return False


class Socket:
    """A client's socket as gunicorn's parser and response use it: reading gives what
    was received before and then the end, and writing never waits."""

    def __init__(self, real):
        self.real = real
        self.incoming = Incoming()
        self.unsent = bytearray()
        self._given = 0  # bytes to the parser

    def recv(self, size: int) -> bytes:
        data = bytes(self.incoming.data[self._given : self._given + size])
        self._given += len(data)
        return data

    def send(self, data: bytes) -> int:
        """gunicorn's 100 Continue, which was sent when it was due."""
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.unsent += data
        if len(self.unsent) > READ_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what the client takes now. Raises OSError when it is gone."""
        with suppress(BlockingIOError):
            while self.unsent:
                sent = self.real.send(self.unsent)
                del self.unsent[:sent]

    @property
    def held(self) -> int:
        return len(self.incoming.data) + len(self.unsent)

    def fileno(self) -> int:
        return self.real.fileno()

    def close(self) -> None:
        self.real.close()

    def shutdown(self, how: int) -> None:
        self.real.shutdown(how)

    def gettimeout(self) -> float:
        return 0.0

    def setblocking(self, flag) -> None:
        """The real one never blocks."""


class Worker(ThreadWorker):
    """See above. The main loop alone touches what has no comment."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Connections that wait for their client, longest first -> until when.
        self.waiting: dict[TConn, float] = {}
        self.held = 0  # bytes of them
        self.busy = 0  # connections that threads have, or will have next
        # Requests that a thread has -> since when. Written by the threads.
        self.running: dict[TConn, float] = {}
        self.hung_at = 0.0
        self._next_look = 0.0

    @classmethod
    def check_config(cls, cfg, log):
        if cfg.is_ssl:
            raise RuntimeError("TLS ends at a proxy: see docs/self-hosting.md.")

    # --- reading

    def accept(self, listener):
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._drop_longest()
            return
        client.setblocking(False)
        server = listener.getsockname()
        conn = TConn(self.cfg, Socket(client), address, server)
        conn.data_ready = True
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._drop_longest()
        self._wait(conn, selectors.EVENT_READ, self._read, self.cfg.timeout)
        self._read(conn)

    def _read(self, conn):
        try:
            data = conn.sock.real.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(conn)
            return
        incoming = conn.sock.incoming
        self.held += len(data)
        if incoming.add(data):
            self._stop_waiting(conn)
            self.enqueue_req(conn)
            return
        if incoming.expects_continue:
            incoming.expects_continue = False
            with suppress(OSError):
                conn.sock.real.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        is_large = lambda each: each.sock.held > READ_BYTES  # noqa: E731
        while self.held > MAX_HELD_BYTES and self._drop_longest(is_large):
            pass

    # --- answering

    def enqueue_req(self, conn):
        self.busy += 1
        super().enqueue_req(conn)
        self.set_accept_enabled(True)

    def set_accept_enabled(self, enabled):
        """While all threads are busy, other processes take the connections."""
        is_free = self.alive and self.busy < self.cfg.threads
        super().set_accept_enabled(enabled and is_free)

    def handle(self, conn):
        """Answer a request, in a thread."""
        self.running[conn] = time.monotonic()
        incoming = conn.sock.incoming
        try:
            if incoming.is_cut and not incoming.path.startswith(
                READS_MORE_THAN_IT_WANTS
            ):
                refusal = f"The body has more than {MAX_BODY_BYTES} bytes."
                util.write_error(conn.sock, 413, "Content Too Large", refusal)
                return False
            return super().handle(conn)
        finally:
            with suppress(OSError):
                conn.sock.flush()
            del self.running[conn]

    # --- sending what is left, and ending

    def finish_request(self, conn, fs: Future):
        self.busy -= 1
        self.set_accept_enabled(True)
        conn.sock.incoming = Incoming()
        if conn.sock.unsent:
            self._wait(conn, selectors.EVENT_WRITE, self._write, self.cfg.timeout)
        else:
            self._end(conn)

    def _write(self, conn):
        before = len(conn.sock.unsent)
        try:
            conn.sock.flush()
        except OSError:
            self._close(conn)
            return
        self.held -= before - len(conn.sock.unsent)
        self.waiting[conn] = time.monotonic() + self.cfg.timeout
        if not conn.sock.unsent:
            self._stop_waiting(conn)
            self._end(conn)

    def _end(self, conn):
        """Close the connection. While the client still sends, closing would take the
        answer from it (RFC 9112, 9.6)."""
        try:
            conn.sock.real.shutdown(1)
            while conn.sock.real.recv(READ_BYTES):
                self._wait(conn, selectors.EVENT_READ, self._discard, LAST_SECONDS)
                return
        except OSError:
            pass
        self._close(conn)

    def _discard(self, conn):
        try:
            if conn.sock.real.recv(READ_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(conn)

    # --- connections that wait

    def _wait(self, conn, event: int, callback, seconds: float) -> None:
        self.waiting[conn] = time.monotonic() + seconds
        self.held += conn.sock.held

        def happened(_):
            if conn in self.waiting:  # not dropped a moment ago
                callback(conn)

        self.poller.register(conn.sock.real, event, happened)

    def _stop_waiting(self, conn) -> None:
        del self.waiting[conn]
        self.held -= conn.sock.held
        self.poller.unregister(conn.sock.real)

    def _close(self, conn) -> None:
        if conn in self.waiting:
            self._stop_waiting(conn)
        self.nr_conns -= 1
        conn.close()

    def _drop_longest(self, where=lambda conn: True) -> bool:
        """Close the connection that has waited longest: a good client's request is here
        in a moment. Returns whether there was one."""
        found = next(filter(where, self.waiting), None)
        if found:
            self._close(found)
        return found is not None

    # --- each second, and whenever something happened

    def murder_pending(self):
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + 1
        for conn, until in list(self.waiting.items()):
            if until < now:
                self._give_up(conn)
            elif not self.alive:
                self.waiting[conn] = min(until, now + LAST_SECONDS)
        self._watch(now)

    def _give_up(self, conn) -> None:
        if conn.sock.incoming.data:
            late = f"The request took longer than {self.cfg.timeout} seconds."
            with suppress(OSError):
                util.write_error(conn.sock, 408, "Request Timeout", late)
                conn.sock.flush()
        self._close(conn)

    def _watch(self, now: float) -> None:
        """End the process some time after a request has hung."""
        hanging, others = [], []
        for conn, since in list(self.running.items()):
            (hanging if now - since > self.cfg.timeout else others).append(conn)
        if hanging and not self.hung_at:
            self.hung_at, self.alive = now, False
            # The beginning of a path says enough, and no token is in it.
            paths = [conn.sock.incoming.path.split(b"/")[:4] for conn in hanging]
            self.log.critical(
                "WORKER %s ENDS: a request has run for %s s: %s",
                os.getpid(),
                self.cfg.timeout,
                b", ".join(map(b"/".join, paths)).decode("latin-1"),
            )
        is_drained = self.nr_conns <= len(hanging)
        if self.hung_at and (is_drained or now - self.hung_at > DRAIN_SECONDS):
            # Not sys.exit, which would wait for the thread.
            self.cfg.worker_abort(self)
            os._exit(1)
