"""Measure one load on one server: answers per second, waiting times, CPU, memory."""

import http.client
import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

TICKS = os.sysconf("SC_CLK_TCK")  # of CPU time in a second
CONNECTIONS = 16
NOT_MODIFIED = 304
CHECKED_PATHS = 50
WARM_UP_SECONDS = 1
SLOW_SECONDS = 10  # for a load that nobody answered in the usual time
# wrk asks for one path after the other, and prints what it found as JSON.
SCRIPT = """
local requests, at = {}, 0
init = function(args)
  for path in io.lines(os.getenv("BENCH_PATHS")) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """Requests for each of ``paths`` in turn, over and over."""

    paths: tuple[str, ...]
    headers: dict = field(default_factory=dict)
    status: int = 200  # what each path must answer


@dataclass(frozen=True)
class Reference:
    """Another load, the address of its server, and its processes."""

    load: Load
    url: str
    pids: tuple[int, ...]


@dataclass(frozen=True)
class Pace:
    """How long each load runs."""

    seconds: int
    rounds: int


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds. Times are in milliseconds."""

    per_second: float
    p50: float
    p99: float
    cpu_ms: float  # of all processes that serve, per request
    errors: int = 0
    kilobytes: float | None = None  # of an answer's body as it is sent
    reference: float | None = None  # answers per second of the load's reference
    reference_cpu_ms: float | None = None
    ratio: float | None = None  # of the answers per second of both, round by round


def measure(
    load: Load, url: str, pids, pace: Pace, reference: Reference | None = None
) -> Measured:
    """Drive ``url`` with wrk, and before each round the reference.

    As both take turns, a machine that slows down slows both.

    pids: the processes that serve; their children count too.

    Raises AssertionError where a path answers with another status than the load's.
    """
    kilobytes = check(load, url)
    load = _conditional(load, url)
    _wrk(load, url, WARM_UP_SECONDS)
    rounds = []
    for _ in range(pace.rounds):
        other = _reference_round(reference, pace) if reference else {}
        row = _round(load, url, pids, pace) | other
        if reference:
            row["ratio"] = row["per_second"] / row["reference"]
        rounds.append(row)
    errors = sum(row.pop("errors") for row in rounds)
    medians = {key: statistics.median(row[key] for row in rounds) for key in rounds[0]}
    return Measured(**medians, errors=errors, kilobytes=kilobytes)


def check(load: Load, url: str, most: int = CHECKED_PATHS) -> float:
    """Ask for the load's first ``most`` paths.

    Returns the mean size of an answer in kilobytes.

    Raises AssertionError where a path answers with another status than the load's.
    """
    sizes = []
    for path in load.paths[:most]:
        headers = load.headers
        if load.status == NOT_MODIFIED:
            headers = headers | _if_none_match(url, path, headers)
        status, _, body = fetch(url, path, headers)
        assert status == load.status, f"{path} answered {status}"
        sizes.append(len(body) / 1024)
    return statistics.mean(sizes)


def fetch(url: str, path: str, headers: dict | None = None):
    """(status, headers, body) of one GET."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def one_by_one(send, numbers, pids) -> Measured:
    """Call ``send`` with each of ``numbers``, one after the other.

    Writes are measured so, because wrk can't send another one each time.
    """
    times = []
    before, began = cpu_seconds(pids), time.perf_counter()
    for number in numbers:
        sent = time.perf_counter()
        send(number)
        times.append((time.perf_counter() - sent) * 1000)
    seconds = time.perf_counter() - began
    times.sort()
    return Measured(
        per_second=len(times) / seconds,
        p50=statistics.median(times),
        p99=times[len(times) * 99 // 100],
        cpu_ms=(cpu_seconds(pids) - before) * 1000 / len(times),
    )


def _reference_round(reference: Reference, pace: Pace) -> dict[str, float]:
    load = _conditional(reference.load, reference.url)
    row = _round(load, reference.url, reference.pids, pace)
    return {"reference": row["per_second"], "reference_cpu_ms": row["cpu_ms"]}


def _round(load: Load, url: str, pids, pace: Pace) -> dict[str, float]:
    before = cpu_seconds(pids)
    row = _wrk(load, url, pace.seconds)
    requests = row.pop("requests")
    row["per_second"] = requests / row.pop("seconds")
    row["cpu_ms"] = (cpu_seconds(pids) - before) * 1000 / max(1, requests)
    return row


def _conditional(load: Load, url: str) -> Load:
    """The load with the ETag of its path where it wants to be answered 304."""
    if load.status != NOT_MODIFIED:
        return load
    tag = _if_none_match(url, load.paths[0], load.headers)
    return replace(load, paths=load.paths[:1], headers=load.headers | tag)


def _if_none_match(url: str, path: str, headers: dict) -> dict:
    return {"If-None-Match": fetch(url, path, headers)[1]["ETag"]}


def _wrk(load: Load, url: str, seconds: float) -> dict:
    """What wrk found. A load that nobody answered in time gets more of it."""
    found = _wrk_once(load, url, seconds)
    return found if found["requests"] else _wrk_once(load, url, SLOW_SECONDS)


def _wrk_once(load: Load, url: str, seconds: float) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        script, paths = Path(folder, "paths.lua"), Path(folder, "paths")
        script.write_text(SCRIPT)
        paths.write_text("\n".join(load.paths) + "\n")
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", "--timeout", "30s"]
        command += [f"-d{seconds}s", "-s", str(script)]
        for name, value in load.headers.items():
            command += ["-H", f"{name}: {value}"]
        made = subprocess.run(
            [*command, url],
            env=os.environ | {"BENCH_PATHS": str(paths)},
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
    return json.loads(made.stdout.rpartition("RESULT ")[2])


# --- what the system knows of processes


def cpu_seconds(pids) -> float:
    """User and system time of the processes and all their children."""
    return sum(_ticks(pid) for pid in family(pids)) / TICKS


def memory_mb(pids) -> float:
    """Proportional memory: a page that two processes share counts once."""
    total = 0
    for pid in family(pids):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # the process has ended
            continue
        total += int(text.partition("\nPss:")[2].split()[0])
    return total / 1024


def family(pids) -> set[int]:
    """``pids`` and their descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            parents[int(entry.name)] = int(fields[1])
    found, new = set(), set(pids)
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return found


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields after the process's name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
