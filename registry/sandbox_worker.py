"""The program that runs in the worker process (see ``sandbox.py``).

Reads one JSON frame ``[function, arguments, seconds]`` at a time from standard
input and answers with one of ``{"result": ...}``, ``{"refused": sentence}``,
``{"too_large": bytes}``, ``{"failed": traceback}``. Ends with its parent.
"""

import contextlib
import functools
import importlib
import json
import math
import os
import resource
import sys
import traceback

from registry.sandbox import (
    MAX_ANSWER_BYTES,
    OutputTooLarge,
    SandboxError,
    receive_frame,
    send_frame,
)

MAX_MEMORY_BYTES = 768 * 1024 * 1024  # of address space; idle it takes about 60 MB
MAX_REQUEST_BYTES = 64 * 1024 * 1024  # 2 MiB of source is at most 12 MiB as JSON
PRELOAD = ("registry.rendering", "registry.inspection")


def main() -> None:
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a stray print() must not end up between two answers
    for name in PRELOAD:
        importlib.import_module(name)
    _limit_process()
    send_frame(answers, b'{"ready": true}')
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            send_frame(answers, _answer(receive_frame(requests, MAX_REQUEST_BYTES)))


def _limit_process() -> None:
    if sys.platform == "linux":  # macOS has the limit, but refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # out of memory, the machine takes this process first


def _limit_cpu(seconds: float) -> None:
    """A belt should the parent die while a task hangs: the kernel ends this one."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _answer(request: bytes) -> bytes:
    name, args, seconds = json.loads(request)
    _limit_cpu(seconds)
    try:
        answer = json.dumps({"result": _resolve(name)(*args)}).encode()
    except OutputTooLarge:
        return b'{"too_large": true}'
    except SandboxError as error:
        return json.dumps({"refused": str(error)}).encode()
    except MemoryError:
        raise  # start afresh: what is left of this heap is not worth keeping
    except Exception as error:
        why = "".join(traceback.format_exception(error, limit=-5))
        return json.dumps({"failed": why[-4000:]}).encode()
    if len(answer) > MAX_ANSWER_BYTES:
        return json.dumps({"too_large": len(answer)}).encode()
    return answer


def _resolve(name: str):
    module, _, path = name.partition(":")
    return functools.reduce(getattr, path.split("."), importlib.import_module(module))


if __name__ == "__main__":
    sys.setrecursionlimit(3000)  # nested Markdown; the C stack holds far more
    main()
