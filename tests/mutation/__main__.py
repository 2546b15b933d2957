"""``python3 run.py mutate [PATH ...]``: does a test fail for each broken rule?

Each mutant is the product with one condition, operator, number or call changed. A
mutant that no test notices survives: it is listed with file, line and change. What was
tried is kept in ``.mutation/``, so a run that ends early goes on where it stopped, and
only what changed is tried anew.
"""

import argparse
import difflib
import hashlib
import json
import sys
import threading
import time
import tomllib
import uuid
from collections import Counter
from pathlib import Path
from queue import Empty, Queue

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import (
    MutationSpec,
    TestOutcome,
    WorkerOutcome,
    WorkItem,
    WorkResult,
)

from . import runner
from .covering import Covering
from .operators import OPERATORS, operator
from .scope import ROOT, functions_of, modules, package_of

FOLDER = ROOT / ".mutation"
ACCEPTED = Path(__file__).with_name("accepted.toml")


def main() -> int:
    options = parse()
    FOLDER.mkdir(exist_ok=True)
    found = modules(options.paths)
    if not found:
        print(f"No module in scope below {' '.join(options.paths)}.")
        return 2
    sessions = {module: session(module) for module in found}
    if not options.report:
        covering = Covering(FOLDER)
        covering.measure(options.processes)
        if options.again:
            forget_survivors(sessions)
        run(sessions, covering, options)
    return report(sessions)


def parse():
    parser = argparse.ArgumentParser(prog="run.py mutate", description=__doc__)
    parser.add_argument("paths", nargs="*", help="files or folders; default: all rules")
    parser.add_argument("--minutes", type=float, default=600, help="stop after so long")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--seconds", type=float, default=30, help="of tests for a mutant, at most"
    )
    parser.add_argument("--again", action="store_true", help="try survivors again")
    parser.add_argument("--report", action="store_true", help="only list survivors")
    return parser.parse_args()


def session(module: str) -> Path:
    """The Cosmic Ray session of ``module`` as it is now: its mutants and outcomes."""
    content = (ROOT / module).read_bytes() + " ".join(OPERATORS).encode()
    name = module.removesuffix(".py").replace("/", ".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    file = FOLDER / f"{name}-{digest}.sqlite"
    for old in FOLDER.glob(f"{name}-????????????.sqlite"):
        if old != file:
            old.unlink()
    with use_db(file, WorkDB.Mode.create) as db:
        if not db.num_work_items:
            db.add_work_items(mutants(module))
    return file


def mutants(module: str):
    """A work item for each mutant of ``module``; declarations are left alone."""
    functions = functions_of(module)
    tree = get_ast((ROOT / module).read_text())
    for name in OPERATORS:
        changing = operator(name)
        positions = (
            (node, start, end)
            for node in ast_nodes(tree)
            for start, end in changing.mutation_positions(node)
        )
        for occurrence, (node, start, end) in enumerate(positions):
            if not functions.is_declaration(start):
                spec = MutationSpec(
                    module_path=module,
                    operator_name=name,
                    operator_args={},
                    occurrence=occurrence,
                    start_pos=start,
                    end_pos=end,
                    definition_name=ASTQuery(node).get_definition_name(),
                )
                yield WorkItem.single(job_id=uuid.uuid4().hex, mutation=spec)


def forget_survivors(sessions):
    """Bring survivors that aren't accepted back among what is to be tried."""
    accepted = tomllib.loads(ACCEPTED.read_text())
    for module, file in sessions.items():
        with use_db(file, WorkDB.Mode.open) as db:
            done = list(db.completed_work_items)
            items = list(db.work_items)
            keep = {
                item.job_id: result
                for item, result in done
                if result.test_outcome == TestOutcome.KILLED
                or result.worker_outcome == WorkerOutcome.NO_TEST
                or accepting(result.diff, accepted.get(module, {}))
            }
            if len(keep) < len(done):
                db.clear()
                db.add_work_items(items)
                for job, result in keep.items():
                    db.set_result(job, result)


def run(sessions, covering, options):
    until = time.monotonic() + options.minutes * 60
    waiting, done = Queue(), Queue()
    for module, file in sessions.items():
        functions_of(module)  # kept: Python 3.11 can't parse in several threads at once
        with use_db(file, WorkDB.Mode.open) as db:
            pending = sorted(
                db.pending_work_items, key=lambda i: i.mutations[0].start_pos
            )
        for item in pending:
            waiting.put((module, item))
    total = waiting.qsize()
    if not total:
        return
    print(f"{total} mutants to try ...", flush=True)
    trees = [runner.make_tree(FOLDER / f"tree-{n}") for n in range(options.processes)]
    queues = waiting, done
    threads = [
        threading.Thread(target=work, args=(tree, *queues, covering, options, until))
        for tree in trees
    ]
    for thread in threads:
        thread.start()
    tried = Counter()
    while any(thread.is_alive() for thread in threads) or not done.empty():
        try:
            module, item, result = done.get(timeout=0.5)
        except Empty:
            continue
        with use_db(sessions[module], WorkDB.Mode.open) as db:
            db.set_result(item.job_id, result)
        tried[result.test_outcome] += 1
        if sum(tried.values()) % 50 == 0:
            alive = tried[TestOutcome.SURVIVED]
            print(f"{sum(tried.values())} of {total}, {alive} survived", flush=True)


def work(tree, waiting, done, covering, options, until):
    process = runner.start(tree)
    if process.stdout.readline().strip() != "ready":
        return
    while time.monotonic() < until:
        try:
            module, item = waiting.get_nowait()
        except Empty:
            break
        spec = item.mutations[0]
        right = (ROOT / module).read_text()
        changed = mutate_code(right, operator(spec.operator_name), spec.occurrence)
        tests = covering.tests(module, spec.start_pos[0], options.seconds)
        outcome, said = runner.SURVIVED, "no test runs this line"
        is_program = changed is not None and compiles(changed)
        if is_program and tests:
            timed = [(test, covering.seconds_of(test)) for test in tests]
            asked = {"module": module, "source": changed, "tests": timed}
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            outcome, said = answer["outcome"], answer["said"]
        killed = outcome == runner.KILLED
        result = WorkResult(
            worker_outcome=(
                WorkerOutcome.NORMAL if is_program else WorkerOutcome.NO_TEST
            ),
            test_outcome=TestOutcome.KILLED if killed else TestOutcome.SURVIVED,
            output=said,
            diff=change(right, changed or right),
        )
        done.put((module, item, result))
    process.stdin.close()
    process.wait()


def compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def change(right: str, changed: str) -> str:
    """``old line -> new line``, of the lines that differ."""
    lines = list(difflib.ndiff(right.splitlines(), changed.splitlines()))
    old = " ".join(line[2:].strip() for line in lines if line.startswith("- "))
    new = " ".join(line[2:].strip() for line in lines if line.startswith("+ "))
    return f"{old} -> {new}"


def accepting(diff: str, accepted: dict[str, str]) -> str | None:
    """The key of ``accepted`` that stands for ``diff``: the change, or its old line."""
    for key in accepted:
        if f"{diff} -> ".startswith(f"{key} -> "):
            return key
    return None


def report(sessions) -> int:
    """Print survivors and figures by package; 1 if one survives that isn't accepted."""
    accepted = tomllib.loads(ACCEPTED.read_text())
    used = set()
    figures = {}
    survivors = []
    for module, file in sessions.items():
        counts = figures.setdefault(package_of(module), Counter())
        with use_db(file, WorkDB.Mode.open) as db:
            counts["mutants"] += db.num_work_items
            for item, result in db.completed_work_items:
                if result.worker_outcome == WorkerOutcome.NO_TEST:
                    counts["mutants"] -= 1  # no program, so nobody could have made it
                    continue
                counts["tried"] += 1
                killed = result.test_outcome == TestOutcome.KILLED
                counts["killed"] += killed
                if killed:
                    continue
                reason = accepting(result.diff, accepted.get(module, {}))
                if reason:
                    used.add((module, reason))
                    counts["accepted"] += 1
                else:
                    survivors.append((module, item.mutations[0], result))
    for module, spec, result in sorted(survivors, key=lambda s: (s[0], s[1].start_pos)):
        print(f"{module}:{spec.start_pos[0]} {spec.definition_name}  {result.output}")
        print(f"    {result.diff}")
    for module, changes in accepted.items():
        for stale in {(module, key) for key in changes} - used:
            if module in sessions:
                print(f"accepted.toml: no such survivor: {' '.join(stale)}")
    print(f"\n{'package':22} mutants   tried  killed accepted  killed")
    figures["all"] = sum(figures.values(), Counter())
    for package, counts in figures.items():
        share = counts["killed"] / (counts["tried"] or 1)
        print(
            f"{package:22}{counts['mutants']:8}{counts['tried']:8}"
            f"{counts['killed']:8}{counts['accepted']:9}  {share:6.1%}"
        )
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
