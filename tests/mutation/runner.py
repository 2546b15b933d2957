"""Runs tests on mutants: each in a fork of a process that has the libraries loaded.

``python -m tests.mutation.runner``, in a copy of the tree, reads a JSON object a line
(module, source, tests with their seconds) and answers each with one (outcome, said).

A mutant needs about a second that way; a fresh ``pytest`` needs four, and with
thousands of mutants that is the difference between an hour and an afternoon. The
product's own modules are imported after the fork, from a copy of the tree in which the
mutant is written.
"""

import contextlib
import importlib
import importlib.metadata
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from .scope import ROOT, needs_migrations

MEMORY = 3 * 2**30  # bytes of address space: a changed number may ask for any amount
BATCHES = (0, 8, 40, None)  # most mutants are killed by one of the first tests
KILLED, SURVIVED = "killed", "survived"
FAILED = re.compile(r"^(?:FAILED|ERROR) ((tests/\S+?)::.+?)(?: - |$)", re.MULTILINE)


def make_tree(folder: Path) -> Path:
    """A copy of the files that git knows or would add, in ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target, follow_symlinks=False)
    (folder / "data").mkdir(mode=0o700)
    return folder


def start(tree: Path) -> subprocess.Popen:
    """A runner in ``tree``: write to its stdin, read from its stdout."""
    environment = os.environ | {
        "HUB_DATA_DIR": str(tree / "data"),
        "PYTHONPATH": str(tree / "cli"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compile each module once
    return subprocess.Popen(
        [sys.executable, "-m", "tests.mutation.runner"],
        cwd=tree,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class Runner:
    """Runs tests in this process's own tree."""

    def __init__(self):
        self.database = ROOT / "data" / "migrated.sqlite3"
        self.without_database = needs_migrations()
        self.made = 0
        self.passing: dict[tuple[str, ...], bool] = {}
        self._load_libraries()
        status, said = self._pytest(
            ["tests/test_keys.py", "-k", "shape"], 120, keep=True
        )
        if status or not self.database.exists():
            sys.exit(f"The tests fail without any mutant. {said}")

    def outcome(self, module: str, source: str, tests: list[tuple[str, float]]):
        """KILLED or SURVIVED, and what pytest said last.

        ``source`` is the mutant of ``module``; ``tests`` are run with three times the
        seconds that they need without it, as a mutant may loop for ever. What fails
        without the mutant too kills nothing.
        """
        file = ROOT / module
        right, times = file.read_bytes(), file.stat()
        file.write_text(source)
        self.made += 1  # a time of its own, so that no compiled file passes for it
        os.utime(file, (self.made, self.made))
        migrated = module not in self.without_database
        try:
            for start, end in pairwise(BATCHES):
                batch = tests[start:end]
                if not batch:
                    continue
                limit = 15 + 3 * sum(seconds for _, seconds in batch)
                names = [name for name, _ in batch]
                status, said = self._pytest(names, limit, migrated=migrated)
                if status:
                    break
            else:
                return SURVIVED, ""
        finally:
            file.write_bytes(right)
            os.utime(file, (times.st_atime, times.st_mtime))
        failed = FAILED.search(said)
        is_one = status == 1 and failed and {failed[1], failed[2]} & {*names}
        control = (failed[1],) if is_one else tuple(names)
        if self._passes(control, limit, migrated):
            return KILLED, said
        return SURVIVED, f"fails without the mutant too: {said}"

    def _passes(self, names: tuple[str, ...], limit: float, migrated: bool) -> bool:
        """Whether these tests pass without a mutant; asked once."""
        if names not in self.passing:
            status, _ = self._pytest(names, limit, migrated=migrated)
            self.passing[names] = not status
        return self.passing[names]

    def _load_libraries(self):
        """Import what the tests import, of the libraries alone."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _silent(ROOT / "data" / "collected.txt")
            sys.path.insert(0, str(ROOT))
            import pytest

            pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"])
            own = f"{ROOT}/"
            names = [
                name
                for name, loaded in list(sys.modules.items())
                if not (getattr(loaded, "__file__", None) or own).startswith(own)
            ]
            with os.fdopen(writing, "w") as pipe:
                pipe.write("\n".join(names))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            names = pipe.read().split("\n")
        os.waitpid(pid, 0)
        # pytest rewrites the assertions of its plugins, so it has to load them itself;
        # models can't be imported before Django is set up.
        plugins = {
            entry.value.split(":")[0].split(".")[0]
            for entry in importlib.metadata.entry_points(group="pytest11")
        }
        before = {"pytest", "_pytest", "allauth", "crispy_forms", *plugins}
        for name in names:
            if name.split(".")[0] in before or name.startswith("django.contrib"):
                continue
            try:
                importlib.import_module(name)
            except Exception:  # it needs Django set up; the child imports it
                continue

    def _pytest(self, arguments, limit, *, migrated=True, keep=False):
        log = ROOT / "data" / "pytest.txt"
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)  # to be killed with whatever it starts
            _silent(log)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            status = 70
            try:
                if migrated:
                    _use_database(self.database, keep)
                import pytest

                quick = ["-x", "-q", "--assert=plain", "--tb=line", "--no-header"]
                quick += ["-p", "no:cacheprovider", "-p", "no:xdist"]
                status = int(pytest.main([*quick, *arguments]))
            finally:
                os._exit(status)
        status = _wait(pid, limit)
        lines = log.read_text(errors="replace").strip().split("\n")
        return status, "\n".join(lines[-3:])


def _silent(log: Path):
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)


def _wait(pid: int, limit: float) -> int:
    """The exit status; a process over ``limit`` seconds is killed, and so is whatever
    it started."""
    until = time.monotonic() + limit
    status = None
    while status is None and time.monotonic() < until:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(code)
        else:
            time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if status is None:
        os.waitpid(pid, 0)
        return 124
    return status


def _use_database(database: Path, keep: bool):
    """Migrate once: later test databases are copies of the first one."""
    from django.conf import settings
    from django.db.backends.sqlite3.creation import DatabaseCreation

    create = DatabaseCreation.create_test_db

    def create_test_db(self, *args, **kwargs):
        if keep:
            name = create(self, *args, **kwargs)
            with self.connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(database)])
            return name
        name = self._get_test_db_name()
        self.connection.close()
        for end in ("", "-wal", "-shm"):
            Path(f"{name}{end}").unlink(missing_ok=True)
        shutil.copyfile(database, name)
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name
        return name

    DatabaseCreation.create_test_db = create_test_db


def main():
    runner = Runner()
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        outcome, said = runner.outcome(**asked)
        print(json.dumps({"outcome": outcome, "said": said}), flush=True)


if __name__ == "__main__":
    main()
