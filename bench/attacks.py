"""What a reader waits while somebody attacks the Hub, beside what it waits otherwise.

    python -m bench.attacks [ATTACK ...] [--seconds N]

It starts a Hub as production does (two workers, default limits) on a new database and
attacks it from 127.0.0.2, in one way after the other. From 127.0.0.1 a reader asks for
pages one by one: for some seconds in peace, then under the attack. For ``publishes`` an
author waits for the inspection of a version instead. Everything stays on this machine,
and ends by itself. It ends with 1 where the Hub misses what is wanted (TARGETS).
"""

import argparse
import contextlib
import http.client
import json
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.hub_server import HubServer

SECONDS = 6  # of each attack; of the peace before it, half as many
MOST_TIMES, MOST_SECONDS = 3, 0.4  # the median of the quiet one; any answer
# Nobody waits for a page in ``publishes``: it is the inspection of another account's
# version that may take so long, however quick it is in peace.
MOST_INSPECTION_SECONDS = 5
ATTACKER, READER = "127.0.0.2", "127.0.0.1"
CONNECTIONS, SILENT = 4, 100  # that ask all the time; that are slow
PAUSE_SECONDS = 0.02  # between two requests of the reader
PAGES = ("/", "/functions/", "/functions/victim/calm", "/docs/")
FUNCTIONS = "/api/community/functions"
CI = f"{FUNCTIONS}/ci/publish"
HEAD = b"GET /functions/ HTTP/1.1\r\nHost: localhost\r\n"
BODY = b"POST /api/community/functions/validate HTTP/1.1\r\nHost: localhost\r\n"
BODY += b"Content-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{"


@dataclass
class Row:
    """Waiting times in seconds, of one attack. ``answers`` are those of the attack."""

    attack: str
    quiet: list[float]
    waited: list[float]
    most: float = MOST_SECONDS
    answers: Counter = field(default_factory=Counter)

    @property
    def times(self) -> float:
        return statistics.median(self.waited) / statistics.median(self.quiet)

    @property
    def is_good(self) -> bool:
        is_page = self.most == MOST_SECONDS
        return max(self.waited) <= self.most and (
            not is_page or self.times <= MOST_TIMES
        )

    def cells(self) -> list[str]:
        shown = [self.attack, *_shown(self.quiet), *_shown(self.waited)]
        answers = ", ".join(f"{n} x {what}" for what, n in self.answers.most_common(4))
        return [*shown, f"{self.times:.1f}", "yes" if self.is_good else "NO", answers]


COLUMNS = ["attack", "quiet p50", "p95", "max", "attacked p50", "p95", "max"]
COLUMNS += ["times", "good", "the attack was answered"]


def _shown(seconds: list[float]) -> list[str]:
    """Median, 95th percentile and maximum in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    values = statistics.median(ordered), p95, ordered[-1]
    return [f"{value * 1000:.0f} ms" for value in values]


class Hub:
    """The Hub that is attacked, with accounts of the attacker and of the victim."""

    def __init__(self, server: HubServer):
        self.server = server
        self.mallory, self.victim = server.account("mallory"), server.account("victim")
        self.numbers = iter(range(1, 10_000))

    def prepare(self, attacks: list[str]) -> None:
        """Publish what is read, and what the attacks ask for."""
        self.publish(self.victim, "calm", "export const calm = 1;\n")
        if {"compare", "unread"} & {*attacks}:
            for number in range(6):
                self.publish(self.mallory, "slow", slow_to_compare(number), number)
        # A name for ``publishes``, before ``slugs`` has used them up.
        self.publish(self.mallory, "dots", "export const a = 1;\n")

    def publish(self, key: str, name: str, code: str, number: int = 0, **more) -> int:
        sent = manifest(name, version=f"1.{number}.0", code=code, publish=True, **more)
        origin = READER if key == self.victim else ATTACKER
        return self.ask("POST", CI, sent, key=key, origin=origin)[0]

    def ask(self, method, path, sent=None, *, key="", origin=READER, **headers):
        """(status, body) of one request on a connection of its own; status 0 where
        there was no answer."""
        headers |= {"Host": f"localhost:{self.server.port}"}
        if key:
            headers["X-API-Key"] = key
        if sent is not None:
            headers["Content-Type"] = "application/json"
            sent = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        address = "127.0.0.1", self.server.port
        connection = http.client.HTTPConnection(
            *address, timeout=45, source_address=(origin, 0)
        )
        try:
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


def manifest(name: str, **more) -> dict:
    return {
        "name": name,
        "version": "1.0.0",
        "description": "Made by bench.attacks.",
        "category": "utility",
        "language": "typescript",
        "license": "MIT",
    } | more


def slow_to_compare(number: int) -> str:
    """Every other line is in all of them, so that difflib finds one line at a time and
    begins again with all that follow: more than ten seconds."""
    lines = (f"c{n};\nv{number}{n};\n" for n in range(15_000))
    return "export const a = 1;\n" + "".join(lines)


# --- the attacks: each asks once, and says what it was answered. Large bodies are made
# once: making them would take the reader's time, which is in this process too.


def compare(hub: Hub) -> object:
    """Slow pairs, each under an address that is new."""
    old, new = random.sample(range(6), 2)
    pair = f"/functions/mallory/slow/compare/1.{old}.0...1.{new}.0"
    return hub.ask("GET", f"{pair}?x={random.random()}", origin=ATTACKER)[0]


def headers(hub: Hub) -> object:
    """Patterns that take quadratic time."""
    slow = {"Accept-Encoding": f"gzip{' ' * 8000}x"}
    return hub.ask("GET", "/functions/", origin=ATTACKER, **slow)[0]


def validate(hub: Hub) -> object:
    """Bodies as large as they may be, full of what looks like a credential."""
    return hub.ask("POST", f"{FUNCTIONS}/validate", to_validate(), origin=ATTACKER)[0]


@cache
def to_validate() -> bytes:
    part = "".join(random.choices("abcdefghijklmnopqrstuvwxyzABCDEF0123456789", k=40))
    files = {f"part{n}.ts": f"const key = '{part}{n}';\n" * 8_000 for n in range(4)}
    sent = manifest("check", code="export const a = 1;\n", files=files)
    return json.dumps(sent).encode()


def slugs(hub: Hub) -> object:
    """New names as fast as they are taken."""
    sent = manifest(f"name-{next(hub.numbers)}", code="export const a = 1;\n")
    return hub.ask("POST", FUNCTIONS, sent, key=hub.mallory, origin=ATTACKER)[0]


def drafts(hub: Hub) -> object:
    """Large drafts of one name."""
    sent = large_draft()
    return hub.ask("POST", FUNCTIONS, sent, key=hub.mallory, origin=ATTACKER)[0]


@cache
def large_draft() -> bytes:
    files = {f"part{n}.ts": f"// {random.random()}\n" * 20_000 for n in range(4)}
    sent = manifest("slow", code="export const a = 1;\n", files=files)
    return json.dumps(sent).encode()


def publishes(hub: Hub) -> object:
    """Versions whose every file is slow to highlight and to inspect."""
    files = {f"dots{n}.ts": f"{'.' * 24_000}{random.random()}" for n in range(15)}
    code = f"export const a = {random.random()};\n"
    number = next(hub.numbers)
    return hub.publish(hub.mallory, "dots", code, number, files=files)


ASKING: dict[str, Callable[[Hub], object]] = {
    call.__name__: call
    for call in (compare, headers, validate, slugs, drafts, publishes)
}
# name -> what each of SILENT connections sends before it waits
SILENTLY = {"idle": b"", "half-heads": HEAD, "half-bodies": BODY, "unread": b""}
ATTACKS = [*ASKING, *SILENTLY]


@contextlib.contextmanager
def attacking(hub: Hub, attack: str) -> Iterator[Counter]:
    """The attack goes on for as long as this is entered. Its answers are counted."""
    answers: Counter = Counter()
    if attack in SILENTLY:
        with contextlib.ExitStack() as stack:
            for _ in range(SILENT):
                stack.enter_context(_silent(hub, attack))
            answers["none"] = SILENT
            yield answers
        return
    over = threading.Event()

    def go_on():
        while not over.is_set():
            status = ASKING[attack](hub)
            answers[status] += 1
            # Who is refused comes back; but a refusal is not what is measured.
            over.wait(0.01 if status in (200, 201) else 0.05)

    threads = [threading.Thread(target=go_on) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        over.wait(0.5)  # until it shows
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _silent(hub: Hub, attack: str) -> socket.socket:
    client = socket.socket()
    client.bind((ATTACKER, 0))
    if attack == "unread":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", hub.server.port))
    path = b"GET /functions/mallory/slow/raw/1.0.0/index.ts HTTP/1.1\r\nHost: localhost"
    sent = path + b"\r\n\r\n" if attack == "unread" else SILENTLY[attack]
    if sent:
        client.sendall(sent)
    return client


# --- who waits


def read(hub: Hub, seconds: float) -> list[float]:
    """How long each page took that a reader asked for, one by one."""
    waited, until = [], time.monotonic() + seconds
    while time.monotonic() < until or not waited:
        start = time.perf_counter()
        status = hub.ask("GET", PAGES[len(waited) % len(PAGES)])[0]
        # No answer is as if it had taken for ever, not as if it had been quick.
        waited.append(time.perf_counter() - start if status == 200 else 60.0)
        time.sleep(PAUSE_SECONDS)
    return waited


def inspect(hub: Hub, seconds: float) -> list[float]:
    """How long it took, a minute at most, until versions of the victim were inspected,
    one after the other."""
    waited, until = [], time.monotonic() + seconds
    while time.monotonic() < until or not waited:
        number = next(hub.numbers)
        host = f"api-{number}.example.com"
        code = f"export const go = () => fetch('https://{host}/x');\n"
        start = time.perf_counter()
        hub.publish(hub.victim, "watched", code, number)
        page = f"/functions/victim/watched/v/1.{number}.0/uses"
        while time.perf_counter() - start < 60:
            if host.encode() in hub.ask("GET", page)[1]:
                break
            time.sleep(0.05)
        waited.append(time.perf_counter() - start)
    return waited


def measured(hub: Hub, attack: str, seconds: float) -> Row:
    wait = inspect if attack == "publishes" else read
    most = MOST_INSPECTION_SECONDS if attack == "publishes" else MOST_SECONDS
    read(hub, 0.5)  # so that pages are in memory
    quiet = wait(hub, seconds / 2)
    with attacking(hub, attack) as answers:
        waited = wait(hub, seconds)
    return Row(attack, quiet, waited, most, answers)


def run(attacks: list[str], seconds: float) -> list[Row]:
    """Attack a new Hub in each of these ways."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-attacks-") as name,
        HubServer(Path(name), RATE_LIMITS="1") as server,
    ):
        hub = Hub(server)
        hub.prepare(attacks)
        return [measured(hub, attack, seconds) for attack in attacks]


def table(rows: list[Row]) -> str:
    lines = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m bench.attacks")
    reader.add_argument("attack", nargs="*", help=", ".join(ATTACKS))
    reader.add_argument("--seconds", type=float, default=SECONDS)
    asked = reader.parse_args()
    if unknown := {*asked.attack} - {*ATTACKS}:
        reader.error(f"no such attack: {', '.join(sorted(unknown))}")
    rows = run(asked.attack or ATTACKS, min(asked.seconds, 60))
    print(table(rows))
    print(
        f"Wanted: {MOST_TIMES} times the quiet median at most, and no answer after "
        f"{MOST_SECONDS} s (publishes: {MOST_INSPECTION_SECONDS} s)."
    )
    return not all(row.is_good for row in rows)


if __name__ == "__main__":
    sys.exit(main())
