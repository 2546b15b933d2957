"""What the kernel takes from a worker process for good, before it sees a text.

Four layers, each of which holds alone: a process that breaks out of Python must pass
all of them. Three are Linux's. What a task needs is loaded before, so that nothing is
left to open, to start or to connect to.

``ctypes`` instead of a library: it takes seven system calls, and a package would bring
a C library that not every system has. The numbers are compared with libseccomp's in
tests/test_confinement.py.
"""

import ctypes
import errno
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress

MAX_MEMORY_BYTES = 768 * 1024 * 1024  # of address space

# --- <linux/prctl.h>
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 22, 38, 39
SECCOMP_MODE_FILTER = 2

# --- <linux/landlock.h>; these have one number on all architectures
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
LANDLOCK_CREATE_RULESET_VERSION = 1
# ABI version -> how many kinds of access to files (reading, making, executing, ...), to
# TCP ports, and to processes outside (signals, abstract sockets) can be denied.
LANDLOCK_RIGHTS = {1: (13, 0, 0), 2: (14, 0, 0), 3: (15, 0, 0), 4: (15, 2, 0)}
LANDLOCK_RIGHTS |= {5: (16, 2, 0), 6: (16, 2, 2)}

# --- the system calls that are left: name -> number on x86_64 and aarch64. Memory, the
# clock, the two open streams, and ending. A list of what is allowed, as the kernel
# gains calls with each release and Python needs few of them.
SYSTEM_CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "brk": (12, 214),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "sched_yield": (24, 124),
    "futex": (202, 98),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# Allowed for some arguments only.
MEMORY_CALLS = {"mmap": (9, 222), "mprotect": (10, 226)}  # not to make code
LIMIT_CALLS = {"prlimit64": (302, 261)}  # its own limit of CPU time
PROT_EXEC = 4
# <linux/audit.h>; the numbers above mean other calls to another architecture
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# <linux/bpf_common.h>, <linux/seccomp.h>
LOAD, JUMP_IF_EQUAL, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x45, 0x06
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000 | errno.EPERM, 0x7FFF0000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

REASONS = {
    errno.ENOSYS: "is not in this kernel",
    errno.EINVAL: "is not in this kernel",
    errno.EOPNOTSUPP: "is left out by this kernel's boot option lsm=",
    errno.EPERM: "is refused here, as some containers do",
}


class Missing(Exception):
    """A layer does not hold. The message goes on after the layer's name."""


def confine() -> dict[str, str]:
    """Confine this process. There is no way back.

    Returns each layer's name with "" if it holds, or with what goes on after the name:
    "is not in this kernel". A layer holds if what it forbids was tried and refused.
    """
    return {name: _missing(layer) for name, layer in LAYERS.items()}


def _missing(layer: Callable[[], None]) -> str:
    try:
        layer()
    except Missing as missing:
        return str(missing)
    except OSError as error:
        return REASONS.get(error.errno) or f"fails: {error.strerror}"
    return ""


def gain_no_privileges() -> None:
    """Programs with setuid gain nothing; the kernel asks for it before the next two."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if _prctl(PR_GET_NO_NEW_PRIVS) != 1:
        raise Missing("does not hold")


def reach_no_file() -> None:
    """Landlock: no path, no TCP port, no signal to others, no look into others."""
    abi = _call(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    kinds = LANDLOCK_RIGHTS[min(abi, max(LANDLOCK_RIGHTS))]
    denied = struct.pack("=3Q", *((1 << many) - 1 for many in kinds))
    size = 8 * sum(many > 0 for many in kinds)  # older kernels know a shorter struct
    rules = _call(LANDLOCK_CREATE_RULESET, denied, size, 0)
    try:
        _call(LANDLOCK_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    with suppress(PermissionError):
        os.close(os.open("/", os.O_RDONLY))
        raise Missing("does not hold")


def limit() -> None:
    """No new descriptor, process or thread, no byte in a file, no dump of memory.

    A kernel without Landlock and seccomp refuses files, sockets and programs by them.
    """
    limits = {"NPROC": 0, "FSIZE": 0, "CORE": 0}
    if sys.platform == "linux":  # macOS refuses to set it
        limits["AS"] = MAX_MEMORY_BYTES
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    is_bound = _starts_nothing()  # on some systems trying takes a descriptor
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    with suppress(OSError):
        os.close(os.dup(2))
        raise Missing("do not hold")
    if not is_bound:  # Linux doesn't count its processes
        raise Missing("do not bind root")


def _starts_nothing() -> bool:
    try:  # a folder is no program, but the kernel makes a process before it finds out
        os.posix_spawn("/", ["/"], {})
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def call_little() -> None:
    """seccomp: SYSTEM_CALLS are left. All others fail with EPERM."""
    if not _FILTER:
        raise Missing(f"is not written for {_MACHINE}")
    steps = ctypes.create_string_buffer(_FILTER, len(_FILTER))
    program = struct.pack("@HP", len(_FILTER) // 8, ctypes.addressof(steps))
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)
    with suppress(PermissionError):
        socket.socketpair()
        raise Missing("does not hold")


LAYERS = {"no_new_privs": gain_no_privileges, "Landlock": reach_no_file}
LAYERS |= {"limits": limit, "seccomp": call_little}


def filter_program(machine: str) -> bytes:
    """The filter of system calls, for the kernel's BPF machine.

    Calls of another architecture (32-bit ones) end the process. x32 calls have numbers
    of their own and are refused like all others.
    """
    column, architecture = ARCHITECTURES[machine]
    exec_bit = (LOAD, 0, 0, ARGUMENTS + 2 * 8), (JUMP_IF_SET, 1, 0, PROT_EXEC)
    # process 0 is the caller; the low half of an argument is all the kernel reads of it
    own_cpu = (
        *((LOAD, 0, 0, ARGUMENTS), (JUMP_IF_EQUAL, 0, 3, 0)),
        *((LOAD, 0, 0, ARGUMENTS + 8), (JUMP_IF_EQUAL, 0, 1, resource.RLIMIT_CPU)),
    )
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    calls = [(SYSTEM_CALLS, ()), (MEMORY_CALLS, exec_bit), (LIMIT_CALLS, own_cpu)]
    for names, condition in calls:
        for numbers in names.values():
            answers = [(RETURN, 0, 0, ALLOW)]
            if condition:  # it jumps behind ALLOW where it isn't met
                answers.append((RETURN, 0, 0, REFUSE))
            body = [*condition, *answers]
            program += [(JUMP_IF_EQUAL, 0, len(body), numbers[column]), *body]
    program.append((RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def _prctl(*arguments) -> int:
    return _checked("prctl", *arguments, *[0] * (5 - len(arguments)))


def _call(*arguments) -> int:
    return _checked("syscall", *arguments)


def _checked(name: str, *arguments) -> int:
    """What the function ``name`` of the C library returns. Raises OSError if it
    fails."""
    if name not in _LIBRARY:
        raise Missing("is in Linux only")
    words = [ctypes.c_ulong(x) if isinstance(x, int) else x for x in arguments]
    done = _LIBRARY[name](*words)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done


# Made here, in the nursery, once for all workers.
_LIBRARY, _FILTER, _MACHINE = {}, b"", os.uname().machine
if sys.platform == "linux":
    _c = ctypes.CDLL(None, use_errno=True)
    _LIBRARY = {"prctl": _c.prctl, "syscall": _c.syscall}
    if _MACHINE in ARCHITECTURES and sys.maxsize > 2**32:
        _FILTER = filter_program(_MACHINE)
