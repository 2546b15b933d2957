"""The program of the nursery and of the worker processes (see ``sandbox_child.py``).

Standard input of the nursery is a socket. With each byte it receives another socket,
reads a frame with the name of a module from that, loads it and forks a worker. It never
handles a text, so each worker starts clean. It ends when the last process that uses it
ends.

A worker confines itself (``confinement.py``) and says ``{"ready": pid, "confinement":
{layer: why it does not hold}}``. Then it reads one JSON frame ``[function, arguments,
seconds]`` at a time from its socket and answers with one of ``{"result": ...}``,
``{"refused": sentence}``, ``{"too_large": bytes}``, ``{"failed": traceback}``,
``{"unloaded": module}``. It ends when its socket is closed.
"""

import contextlib
import functools
import gc
import importlib
import json
import math
import os
import resource
import signal
import socket
import sys
import traceback

from registry.content.confinement import confine
from registry.content.sandbox import MAX_ANSWER_BYTES, OutputTooLarge, SandboxError
from registry.content.sandbox_child import receive_frame, send_frame

# Their tasks are the most frequent; other modules are loaded when they are asked for.
ALWAYS_LOADED = "registry.content.rendering", "registry.inspection"
MAX_REQUEST_BYTES = 64 * 1024 * 1024  # 2 MiB of source is at most 12 MiB as JSON
_loaded: set[str] = set()


def main() -> None:
    """Fork a worker for each socket received."""
    os.dup2(2, 1)  # a stray print() goes to stderr
    control = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # leaves no zombies
    for module in ALWAYS_LOADED:
        _load(module)
    while True:
        byte, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not byte:
            return
        # No socket object: reading and writing are all that a worker may do with it.
        with open(sockets[0], "r+b", buffering=0) as stream:
            if module := receive_frame(stream, MAX_REQUEST_BYTES).decode():
                _load(module)
            if not os.fork():
                control.close()
                _work(stream)
                os._exit(0)


def _load(module: str) -> None:
    """Load a module of tasks with all that they need, for a worker can open no file.

    Its function ``warm_up``, if it has one, runs its tasks once: what is imported or
    read by that is in the memory that all workers share.
    """
    if _is_loaded(module):
        return
    _loaded.add(module)
    try:
        getattr(importlib.import_module(module), "warm_up", lambda: None)()
    except Exception:  # its tasks fail; those of other modules go on
        traceback.print_exc()
    gc.collect()
    gc.freeze()


def _is_loaded(module: str) -> bool:
    known = sys.modules.get(module)
    return module in _loaded or (known is not None and not hasattr(known, "warm_up"))


def _work(stream) -> None:
    """Answer requests on ``stream`` until it is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # the OOM killer takes this process first
    ready = {"ready": os.getpid(), "confinement": confine()}
    with contextlib.suppress(EOFError, ConnectionError):
        send_frame(stream, json.dumps(ready).encode())
        while True:
            send_frame(stream, _answer(receive_frame(stream, MAX_REQUEST_BYTES)))


def _limit_cpu(seconds: float) -> None:
    """Let the kernel end this process if a task hangs after its parent died."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _answer(request: bytes) -> bytes:
    name, args, seconds = json.loads(request)
    module, _, path = name.partition(":")
    if not _is_loaded(module):
        return json.dumps({"unloaded": module}).encode()
    _limit_cpu(seconds)
    try:
        function = functools.reduce(getattr, path.split("."), sys.modules[module])
        answer = json.dumps({"result": function(*args)}).encode()
    except OutputTooLarge:
        return b'{"too_large": true}'
    except SandboxError as error:
        return json.dumps({"refused": str(error)}).encode()
    except MemoryError:
        raise  # end this process; the next one has a fresh heap
    except Exception as error:
        why = "".join(traceback.format_exception(error, limit=-5))
        return json.dumps({"failed": why[-4000:]}).encode()
    if len(answer) > MAX_ANSWER_BYTES:
        return json.dumps({"too_large": len(answer)}).encode()
    return answer


if __name__ == "__main__":
    sys.setrecursionlimit(3000)  # for nested Markdown; well within the C stack
    main()
