"""The worker process: what it survives, and that the web process never suffers.

Tasks are functions of the standard library: the worker imports them by name.
"""

import json
import operator
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from registry.content import sandbox

PATIENCE = 60  # seconds; only ever waited in full when something is broken
HANGS = re.search, "(a|aa)+$", "a" * 100 + "b"  # busy inside C for years


def run(function, *args, timeout=PATIENCE, **how):
    return sandbox.run(function, *args, timeout=timeout, **how)


def worker_pid() -> int:
    return run(os.getpid)


def test_run_returns_the_result_of_another_process():
    assert run(operator.add, [1], ["ü\ud800"]) == [1, "ü\ud800"]
    assert worker_pid() not in (os.getpid(), os.getppid())


def test_run_uses_the_same_process_again():
    assert worker_pid() == worker_pid()


def test_run_kills_a_task_at_its_timeout():
    before = worker_pid()

    with pytest.raises(sandbox.SandboxTimeout, match="too long"):
        run(*HANGS, timeout=0.2)

    assert worker_pid() != before


def test_run_kills_a_sleeping_task():
    with pytest.raises(sandbox.SandboxTimeout):
        run(time.sleep, 600, timeout=0.2)

    assert run(abs, -1) == 1


def test_run_survives_a_crash():
    with pytest.raises(sandbox.SandboxCrashed, match="failed"):
        run(os.abort)

    assert run(abs, -1) == 1


def test_run_survives_kill_9_in_the_middle_of_a_task():
    pid, outcome = worker_pid(), []

    def task():
        try:
            run(time.sleep, 600)
        except sandbox.SandboxError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=task)
    thread.start()
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    thread.join(PATIENCE)

    assert outcome == ["Processing this text failed."]
    assert run(abs, -1) == 1


def test_run_survives_kill_9_between_tasks():
    os.kill(worker_pid(), signal.SIGKILL)
    time.sleep(0.1)

    assert run(abs, -1) == 1


def test_run_survives_a_stopped_worker():
    os.kill(worker_pid(), signal.SIGSTOP)

    with pytest.raises(sandbox.SandboxTimeout):
        run(abs, -1, timeout=0.2)

    assert run(abs, -1) == 1


def test_run_limits_memory():
    before = worker_pid()

    with pytest.raises(sandbox.SandboxCrashed):
        run(operator.mul, "x", 2_000_000_000)

    assert worker_pid() != before


def test_run_limits_output():
    with pytest.raises(sandbox.OutputTooLarge, match="too large"):
        run(operator.mul, "x", sandbox.MAX_ANSWER_BYTES)

    assert run(abs, -1) == 1


def test_run_reports_an_exception_of_the_task(caplog):
    with pytest.raises(sandbox.SandboxCrashed):
        run(json.loads, "{")

    assert "JSONDecodeError" in caplog.text


def test_run_passes_on_a_refusal_of_the_task():
    from registry.content.rendering import source_html

    with pytest.raises(sandbox.SandboxError, match="6,000 characters"):
        run(source_html, "x" * 6000, "typescript")


def test_what_a_task_prints_does_not_disturb_its_answer():
    assert run(print, "noise") is None
    assert run(abs, -1) == 1


def test_background_tries_again_when_the_worker_is_killed():
    pid, outcomes = run(os.getpid, lane=sandbox.CHEAP), []
    thread = threading.Thread(
        target=lambda: outcomes.append(run(time.sleep, 0.5, lane=sandbox.CHEAP))
    )
    thread.start()
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    thread.join(PATIENCE)

    assert outcomes == [None]


@pytest.mark.parametrize("other", [sandbox.FOREGROUND, sandbox.CHEAP])
def test_a_hostile_task_spares_the_other_lanes(other):
    outcomes = []

    def task():
        try:
            run(time.sleep, 600, timeout=1.0, lane=sandbox.COSTLY)
        except sandbox.SandboxTimeout:
            outcomes.append("killed")

    thread = threading.Thread(target=task)
    thread.start()

    assert run(abs, -2, lane=other) == 2
    assert outcomes == []
    thread.join(PATIENCE)
    assert outcomes == ["killed"]


def test_time_in_the_queue_is_not_taken_from_a_background_task():
    answers = []

    def ask():
        answers.append(run(time.sleep, 0.3, timeout=0.8, lane=sandbox.CHEAP))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert answers == [None] * 4


def test_run_refuses_at_once_when_too_many_wait():
    held = threading.Thread(
        target=lambda: run(time.sleep, 1.0, lane=sandbox.COSTLY), daemon=True
    )
    held.start()
    outcomes = queue.SimpleQueue()

    def ask():
        try:
            outcomes.put(run(abs, -1, lane=sandbox.COSTLY))
        except sandbox.SandboxBusy as error:
            outcomes.put(str(error))

    threads = [threading.Thread(target=ask) for _ in range(sandbox.MAX_WAITING + 9)]
    for thread in threads:
        thread.start()
    for thread in [held, *threads]:
        thread.join(PATIENCE)
    answers = [outcomes.get() for _ in threads]

    assert answers.count(1) >= sandbox.MAX_WAITING
    assert {*answers} == {1, str(sandbox.SandboxBusy())}


def test_who_waited_in_vain_is_told_that_the_worker_is_busy():
    held = threading.Thread(target=run, args=(time.sleep, 1.0), daemon=True)
    held.start()
    time.sleep(0.2)

    with pytest.raises(sandbox.SandboxBusy):
        run(abs, -1, timeout=0.1)

    held.join(PATIENCE)


def test_what_becomes_of_a_task_is_told_after_its_caller_left():
    held = threading.Thread(target=run, args=(time.sleep, 1.0), daemon=True)
    held.start()
    time.sleep(0.2)
    told = queue.SimpleQueue()

    # It starts after 0.8 s, so it has not had its time when the caller goes.
    with pytest.raises(sandbox.SandboxTimeout):
        run(time.sleep, 1.4, timeout=2.0, settled=told.put)

    assert told.get(timeout=PATIENCE).exception() is None
    held.join(PATIENCE)


def test_a_meter_counts_the_time_of_tasks_and_not_of_waiting():
    held = threading.Thread(target=run, args=(time.sleep, 1.0), daemon=True)
    held.start()
    time.sleep(0.2)
    waiting, killed = sandbox.Meter(), sandbox.Meter()

    run(abs, -1, meter=waiting)
    with pytest.raises(sandbox.SandboxTimeout):
        run(time.sleep, 600, timeout=0.5, meter=killed)

    assert waiting.seconds < 0.5 <= killed.seconds + 0.1
    held.join(PATIENCE)


def test_many_threads_get_their_own_answers():
    answers = {}

    def ask(number):
        answers[number] = run(operator.mul, number, 2)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert answers == {n: 2 * n for n in range(30)}


def test_the_worker_knows_no_secret_and_no_database(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not-for-the-worker")
    os.kill(worker_pid(), signal.SIGKILL)
    time.sleep(0.1)

    code = "sorted(m for m in __import__('sys').modules)"
    modules = run(eval, code)
    environment = run(eval, "dict(__import__('os').environ)")

    assert "registry.content.rendering" in modules
    assert not [m for m in modules if m in ("django.conf", "django.db", "sqlite3")]
    assert set(environment) <= {"PATH", "LANG", "LC_CTYPE"}


FORK = """
import os, sys
from registry.content import sandbox
mine = sandbox.run(os.getpid, timeout=60)
child = os.fork()
if child == 0:
    theirs = sandbox.run(os.getpid, timeout=60)
    os._exit(0 if theirs != mine else 1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), sandbox.run(os.getpid, timeout=60) == mine)
"""


def test_a_forked_web_process_gets_a_worker_of_its_own():
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK],
        cwd=sandbox.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )

    assert (result.stdout.split(), result.stderr) == (["0", "True"], "")


def test_workers_end_with_their_parent():
    code = (
        "import os; from registry.content.sandbox import run;"
        " print(run(os.getpid, timeout=60))"
    )
    pid = int(
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=sandbox.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        ).stdout
    )

    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent")


def test_all_children_come_from_one_nursery_that_outlives_them():
    first, parent = worker_pid(), run(os.getppid)
    os.kill(first, signal.SIGKILL)
    time.sleep(0.1)

    assert worker_pid() != first
    assert run(os.getppid) == parent != os.getpid()


def test_run_survives_kill_9_of_the_nursery():
    nursery = run(os.getppid)
    os.kill(nursery, signal.SIGKILL)
    with pytest.raises(sandbox.SandboxCrashed):
        run(os.abort)

    assert run(abs, -1) == 1
    assert run(os.getppid) != nursery


def test_a_child_without_a_task_ends(monkeypatch):
    monkeypatch.setattr(sandbox, "IDLE_SECONDS", 0.1)

    def ask():
        return run(os.getpid, lane=sandbox.CHEAP)

    ask()  # from now on its thread waits that long only
    pid = ask()
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.1)

    assert not os.path.exists(f"/proc/{pid}")
    assert ask() != pid


def test_a_child_is_killed_where_the_system_refuses_handles(monkeypatch):
    def refuse(pid):
        raise PermissionError(1, "Operation not permitted")

    os.kill(worker_pid(), signal.SIGKILL)
    time.sleep(0.1)
    monkeypatch.setattr(os, "pidfd_open", refuse)
    pid = worker_pid()
    with pytest.raises(sandbox.SandboxTimeout):
        run(*HANGS, timeout=0.5)
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.1)

    assert not os.path.exists(f"/proc/{pid}")
