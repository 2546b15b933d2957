"""How many gunicorn workers of which kind answer most: the Hub under each setting.

python -m bench workers [--functions N] [--database sqlite|postgres] [--keep]
"""

import shutil
import tempfile
from pathlib import Path

from bench import operations, reporting
from bench.databases import DATABASES
from bench.measuring import measure
from bench.running import STATES, addresses_of, by_name, say, started

# gunicorn's own variable, stronger than config/gunicorn.py.
SETTINGS = {
    "1 sync": "--workers 1",
    "2 sync (as it starts)": "",
    "3 sync": "--workers 3",
    "4 sync": "--workers 4",
    "2 gthread of 1": "--worker-class gthread --threads 1",
    "2 gthread of 4": "--worker-class gthread --threads 4",
}
LOADS = ("manifest", "page")
PACE = {"seconds": 2, "rounds": 3}


def main(database: str, count: int, *, keep: bool) -> int:
    folder, found = Path(tempfile.mkdtemp(prefix="hub-bench-")), {}
    folder.chmod(0o755)
    try:
        with DATABASES[database].seeded(count, folder / "hub", False) as given:
            for name, args in SETTINGS.items():
                found[name] = _measured(given, name, args)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, loads in found.items():
        for what, row in loads.items():
            figures = f"{row['per_second']:9,.0f} {row['p99']:8.1f}"
            print(f"{name:24} {what:40} {figures} {row['cpu_ms']:8.2f}")
    if keep:
        reporting.keep_as("workers", found)
    return 0


def _measured(given: dict, name: str, args: str) -> dict:
    """load -> its figures, of pages in memory and of such made from nothing."""
    from tests.hub_server import HubServer

    paths, rows = addresses_of(given), {}
    for state in ("kept", "anew"):
        say(f"{name}, {state}")
        options = given | STATES[state] | {"GUNICORN_CMD_ARGS": args}
        home = Path(options.pop("HUB_DATA_DIR"))
        loads = {"kept": operations.kept_reads, "anew": operations.first_reads}
        with started(HubServer(home, **options), {}) as server:
            for key, load in loads[state](paths):
                if key in LOADS:
                    pids = [server.process.pid]
                    made = measure(load, by_name(server), pids, **PACE)
                    what = f"{load.name}, {WHERE[state]}"
                    rows[what] = {each: getattr(made, each) for each in FIGURES}
    return rows


FIGURES = ("per_second", "p99", "cpu_ms")
WHERE = {"kept": "in memory", "anew": "from nothing"}
