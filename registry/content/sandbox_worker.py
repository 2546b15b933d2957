"""The program of the nursery and of the worker processes (see ``sandbox_child.py``).

Standard input of the nursery is a socket. With each byte it receives another socket,
and forks a worker for it. It never handles a text, so each worker starts clean. It ends
when the last process that uses it ends.

A worker says ``{"ready": pid}``, then reads one JSON frame ``[function, arguments,
seconds]`` at a time from its socket and answers with one of ``{"result": ...}``,
``{"refused": sentence}``, ``{"too_large": bytes}``, ``{"failed": traceback}``. It ends
when its socket is closed.
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

from registry.content.sandbox import MAX_ANSWER_BYTES, OutputTooLarge, SandboxError
from registry.content.sandbox_child import receive_frame, send_frame

MAX_MEMORY_BYTES = 768 * 1024 * 1024  # of address space
MAX_REQUEST_BYTES = 64 * 1024 * 1024  # 2 MiB of source is at most 12 MiB as JSON


def main() -> None:
    """Fork a worker for each socket received."""
    os.dup2(2, 1)  # a stray print() goes to stderr
    control = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # leaves no zombies
    _prepare()
    while True:
        byte, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not byte:
            return
        if not os.fork():
            control.close()
            _work(socket.socket(fileno=sockets[0]))
            os._exit(0)
        os.close(sockets[0])


def _prepare() -> None:
    """Load what tasks need before the first fork, so that workers share its memory and
    no preview waits for it."""
    from registry import inspection
    from registry.content import rendering

    for language in rendering.LANGUAGES:
        rendering.source_html("let a = 1;\n", language)
    rendering.readme_html("# A\n\n- `b` [c](d)\n\n|e|f|\n|-|-|\n|g|h|\n")
    inspection.inspect({}, {f"a.{suffix}": "a();" for suffix in ("ts", "tsx", "js")})
    gc.collect()
    gc.freeze()


def _work(connection: socket.socket) -> None:
    """Answer requests on ``connection`` until it is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _limit_process()
    stream = connection.makefile("rwb", buffering=0)
    with contextlib.suppress(EOFError, ConnectionError):
        send_frame(stream, json.dumps({"ready": os.getpid()}).encode())
        while True:
            send_frame(stream, _answer(receive_frame(stream, MAX_REQUEST_BYTES)))


def _limit_process() -> None:
    if sys.platform == "linux":  # macOS refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # the OOM killer takes this process first


def _limit_cpu(seconds: float) -> None:
    """Let the kernel end this process if a task hangs after its parent died."""
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
        raise  # end this process; the next one has a fresh heap
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
    sys.setrecursionlimit(3000)  # for nested Markdown; well within the C stack
    main()
