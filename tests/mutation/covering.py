"""Which tests run a line, most telling first.

One run of the suite notes it (``coverage_plugin``). It is kept by test file, so that a
changed test file is run again alone; lines are kept by function and offset, so that a
change in one function leaves the others' lines right.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cached_property
from pathlib import Path

from coverage import CoverageData

from .scope import ALSO, ROOT, functions_of, importers, modules

# Files about other things than rules, or that would take a mutant's whole time.
LEFT_OUT = set(
    "test_architecture test_bench test_crash test_docs test_docs_site "
    "test_doors_shadcn test_media_storage test_nginx test_recipes test_soak".split()
)

AT_IMPORT = ""  # the context of what runs outside of tests
FEW = 3  # tests that run a line: it may be run once for all, as a prepared question is


def test_files() -> dict[str, str]:
    """The test files that are run, each with the hash of its content."""
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path.stem not in LEFT_OUT and "browser" not in path.parts
    }


class Covering:
    """The tests of each line, and how long each takes."""

    def __init__(self, folder: Path):
        self.file = folder / "covering.json"
        stored = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.hashes = stored.get("hashes", {})
        self.seconds = stored.get("seconds", {})
        # {module: {function: {offset: [number of the test in self.names]}}}
        self.lines = stored.get("lines", {})
        self.names = stored.get("names", [])

    def measure(self, processes: int) -> None:
        """Run the test files that are new or changed, and take in what they run."""
        now = test_files()
        changed = [file for file in now if self.hashes.get(file) != now[file]]
        gone = set(self.hashes) - set(now)
        if not changed and not gone:
            return
        self._forget(gone | set(changed))
        if changed:
            print(f"Noting which lines {len(changed)} test files run ...", flush=True)
            self._run(changed, processes)
        self.hashes = now
        self._write()

    def tests(self, module: str, line: int, within: float) -> list[str]:
        """Tests that run ``line`` of ``module``, ``within`` seconds of them, and
        the files of ALSO.

        A test that runs little else comes first: it is the one about this line. For
        what runs at import, or once for all tests, those are taken that use the
        module, or for a constant a module that imports it.
        """
        name, offset = functions_of(module).place(line)
        offsets = self.lines.get(module, {}).get(name, {}) if name else {}
        before = [int(at) for at in offsets if int(at) <= offset]
        # A statement's further lines are noted at its first one.
        running = set(offsets[str(max(before))] if before else ())
        if not name:
            running = set().union(*map(self._using, {module, *importers(module)}))
        elif self._number(AT_IMPORT) in running or len(running) < FEW:
            running |= self._using(module) if offsets else set()
        running.discard(self._number(AT_IMPORT))
        counts, in_all = self._counts.get(module, {}), self._lines_in_all

        def seconds_by_share(test: int) -> tuple[float, int]:
            share = max(counts.get(test, 0), 0.1) / max(in_all[test], 1)
            return (self.seconds.get(self.names[test], 1) + 0.05) / share, test

        chosen, total = [], 0.0
        for test in sorted(running, key=seconds_by_share):
            total += self.seconds.get(self.names[test], 1)
            if total > within and chosen:
                break
            chosen.append(self.names[test])
        return chosen + [f"tests/{name}.py" for name in ALSO.get(module, [])]

    def seconds_of(self, test: str) -> float:
        """How long ``test``, or all tests of a file, take."""
        if "::" in test:
            return self.seconds.get(test, 1)
        return sum(s for name, s in self.seconds.items() if name.startswith(test)) or 30

    def _using(self, module: str) -> set[int]:
        functions = self.lines.get(module, {}).values()
        return {
            test
            for offsets in functions
            for tests in offsets.values()
            for test in tests
        }

    @cached_property
    def _counts(self) -> dict[str, Counter]:
        """How many lines of each module each test runs, by the test's number."""
        counts = {}
        for module, functions in self.lines.items():
            counts[module] = Counter()
            for name, offsets in functions.items():
                for tests in offsets.values() if name else ():
                    counts[module].update(tests)
        return counts

    @cached_property
    def _lines_in_all(self) -> Counter:
        return sum(self._counts.values(), Counter())

    def _write(self) -> None:
        kept = ("hashes", "seconds", "lines", "names")
        self.file.write_text(json.dumps({name: getattr(self, name) for name in kept}))

    def _forget(self, files: set[str]) -> None:
        left = {n for n, test in enumerate(self.names) if test.split("::")[0] in files}
        for functions in self.lines.values():
            for offsets in functions.values():
                for offset, tests in offsets.items():
                    offsets[offset] = [test for test in tests if test not in left]
        self.seconds = {
            test: seconds
            for test, seconds in self.seconds.items()
            if test.split("::")[0] not in files
        }

    def _run(self, files: list[str], processes: int) -> None:
        data = self.file.parent / "coverage"
        data.mkdir(exist_ok=True)
        for old in data.iterdir():
            old.unlink()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "tests.mutation.coverage_plugin", "-m", "not browser"]
        command += ["-n", str(processes), "--dist", "loadfile", *files]
        environment = os.environ | {
            "MUTATION_COVERAGE": str(data / "lines"),
            "PYTHONPATH": str(ROOT / "cli"),
        }
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            sys.exit("The tests fail without any mutant; nothing was measured.")
        self._take(data)

    def _take(self, data: Path) -> None:
        scope = set(modules([]))
        for file in data.glob("*.seconds.json"):
            self.seconds |= json.loads(file.read_text())
        for file in data.iterdir():
            if file.name.endswith(".json"):
                continue
            measured = CoverageData(str(file))
            measured.read()
            for path in measured.measured_files():
                module = str(Path(path).relative_to(ROOT))
                if module not in scope:
                    continue
                functions = self.lines.setdefault(module, {})
                for line, tests in measured.contexts_by_lineno(path).items():
                    name, offset = functions_of(module).place(line)
                    at = functions.setdefault(name, {})
                    run = {self._number(test) for test in tests}
                    at[str(offset)] = sorted(run.union(at.get(str(offset), [])))

    def _number(self, test: str) -> int:
        if test not in self._numbers:
            self._numbers[test] = len(self.names)
            self.names.append(test)
        return self._numbers[test]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {test: number for number, test in enumerate(self.names)}
