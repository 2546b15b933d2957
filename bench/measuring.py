"""One load on one server: answers per second, waiting times, CPU and memory."""

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

TICKS = os.sysconf("SC_CLK_TCK")  # of CPU time, to a second
CONNECTIONS = 16
NOT_MODIFIED = 304
CHECKED = 50  # paths that must answer as expected before a load begins
MOST_SECONDS = 10  # for a load that is answered slowly
# Asks for one path after the other, and prints what wrk found as JSON.
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
    """What is asked for: each of ``paths`` in turn, over and over."""

    name: str
    paths: tuple[str, ...]
    headers: dict = field(default_factory=dict)
    status: int = 200  # what each must answer
    connections: int = CONNECTIONS
    is_brief: bool = False  # one round is enough, as no target hangs on it
    beside: "tuple[Load, str] | None" = None  # a reference and its server


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds. Times in milliseconds.

    beside: times as many answers as the load's reference gave in the seconds before
    each round, so that a machine whose speed changes changes both.
    """

    per_second: float
    p50: float
    p99: float
    cpu_ms: float | None  # of all processes that serve, per request
    errors: int = 0
    kilobytes: float | None = None  # of an answer's body, as it is sent
    beside: float | None = None


def measure(load: Load, url: str, pids, *, seconds: float, rounds: int) -> Measured:
    """Drive ``url`` with wrk, ``rounds`` times ``seconds`` long.

    pids: of the processes that serve; their children count too.

    Raises AssertionError where an answer has another status than the load's.
    """
    load = _tagged(load, url)
    kilobytes = check(load, url)
    _wrk(load, url, 0.5)  # both workers have seen it
    other = load.beside and _tagged(*load.beside)
    rows = []
    for _ in range(1 if load.is_brief else rounds):
        reference = _rate(_wrk(other, load.beside[1], seconds)) if other else None
        before = cpu_seconds(pids)
        said = _wrk(load, url, seconds)
        used = cpu_seconds(pids) - before
        said["cpu_ms"] = used * 1000 / max(1, said["requests"])
        said["per_second"] = _rate(said)
        if reference:
            said["beside"] = said["per_second"] / reference
        rows.append(said)
    figures = ["per_second", "p50", "p99", "cpu_ms", *(["beside"] if other else [])]
    return Measured(
        **{name: statistics.median(row[name] for row in rows) for name in figures},
        errors=sum(row["errors"] for row in rows),
        kilobytes=kilobytes,
    )


def _rate(said: dict) -> float:
    return said["requests"] / said["seconds"]


def _tagged(load: Load, url: str) -> Load:
    """``load``; where it wants 304s, asking as a client that has its one address's
    answer of just now."""
    if load.status != NOT_MODIFIED:
        return load
    _, said, _ = fetch(url, load.paths[0], load.headers)
    return replace(load, headers=load.headers | {"If-None-Match": said["ETag"]})


def check(load: Load, url: str, most: int = CHECKED) -> float:
    """Ask for the load's first paths, ``most`` of them. Returns how many kilobytes an
    answer has in the mean.

    Raises AssertionError where an answer has another status than the load's.
    """
    sizes = []
    for path in load.paths[:most]:
        status, _, body = fetch(url, path, load.headers)
        assert status == load.status, f"{load.name}: {path} answered {status}"
        sizes.append(len(body) / 1024)
    return statistics.mean(sizes)


def fetch(url: str, path: str, headers: dict | None = None):
    """(status, headers, body) of one GET."""
    host = urlsplit(url).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def _wrk(load: Load, url: str, seconds: float) -> dict:
    """What wrk found; where nothing was answered in time, in three times as much."""
    said = _wrk_once(load, url, seconds)
    while not said["requests"] and seconds < MOST_SECONDS:
        seconds *= 3
        said = _wrk_once(load, url, seconds)
    return said


def _wrk_once(load: Load, url: str, seconds: float) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        script, paths = Path(folder, "paths.lua"), Path(folder, "paths")
        script.write_text(SCRIPT)
        paths.write_text("\n".join(load.paths) + "\n")
        command = ["wrk", "-t1", f"-c{load.connections}", "--timeout", "30s"]
        command += [f"-d{max(1, round(seconds))}s", "-s", str(script)]
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


def in_turn(send, count: int, clients: int, pids) -> Measured:
    """``count`` calls of ``send(number)``, by ``clients`` threads at once.

    For writes: each is another one, so wrk can't send them. The client is Python and
    takes CPU of its own, which is not counted.
    """
    from concurrent.futures import ThreadPoolExecutor

    def timed(number):
        began = time.perf_counter()
        send(number)
        return (time.perf_counter() - began) * 1000

    before, began = cpu_seconds(pids), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        times = sorted(pool.map(timed, range(count)))
    took = time.perf_counter() - began
    return Measured(
        per_second=count / took,
        p50=statistics.median(times),
        p99=times[min(count - 1, int(count * 0.99))],
        cpu_ms=(cpu_seconds(pids) - before) * 1000 / count,
    )


# --- what the system says of processes


def cpu_seconds(pids) -> float:
    """User and system time of the processes and all their children."""
    return sum(_ticks(pid) for pid in family(pids)) / TICKS


def memory_mb(pids) -> dict[str, float]:
    """Resident (shared pages counted each time) and proportional (counted once)."""
    total = {"Rss": 0, "Pss": 0}
    for pid in family(pids):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, rest = line.partition(":")
            if name in total:
                total[name] += int(rest.split()[0])
    return {"resident": total["Rss"] / 1024, "proportional": total["Pss"] / 1024}


def family(pids) -> set[int]:
    """``pids`` and what descends from them."""
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
    """The fields after the name, which may hold anything: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
