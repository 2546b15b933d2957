"""What code that breaks out of a parser can do in the worker: next to nothing.

Each thing is tried from inside, in a real worker. A layer's tests are left out only
where the worker, and so /readyz, says that the layer is missing.
"""

import ast
import base64
import ctypes
import inspect as source_of
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PIL import Image

from hub import og_image
from registry import inspection
from registry.content import comparison, confinement, rendering, sandbox
from registry.listing import screenshots
from tests.hub_server import HubServer

ROOT = Path(sandbox.BASE_DIR)
PATIENCE = 60  # seconds; only ever waited in full when something is broken
LACKING = sandbox.confinement().layers
EPERM, EAGAIN, EACCES, EINVAL, EMFILE = 1, 11, 13, 22, 24
# x86_64's uretprobe and uprobe: Linux lets them pass all filters, and ends who calls
# them from elsewhere than the kernel's own trampoline.
UNFILTERED = {335, 336}


def needs(*layers):
    missing = [f"{name} {LACKING[name]}" for name in layers if LACKING[name]]
    return pytest.mark.skipif(bool(missing), reason=", ".join(missing))


def inside(function, *args):
    """``function(*args)`` in the worker, which knows no module of the tests."""
    text = textwrap.dedent(source_of.getsource(function))
    call = f"scope[{function.__name__!r}](*{args!r})"
    code = f"(scope := {{}}, exec({text!r}, scope), {call})[-1]"
    return sandbox.run(eval, code, timeout=PATIENCE)


def attempt(code):
    """The errno of what ``code`` is refused with; else what it got."""
    import _thread
    import ctypes
    import os
    import resource
    import signal
    import socket
    import subprocess

    modules = [_thread, ctypes, os, resource, signal, socket, subprocess]
    known = {module.__name__: module for module in modules}
    try:
        return repr(eval(code, known))
    except OSError as error:
        return error.errno
    except (RuntimeError, ValueError) as error:
        return str(error)


FILES = {
    "read a file": "open('{file}').read()",
    "read its own environment": "open('/proc/self/environ').read()",
    "read the server's environment": "open('/proc/{server}/environ').read()",
    "read the server's memory": "open('/proc/{server}/mem', 'rb').read(1)",
    "read the nursery's memory": "open('/proc/{nursery}/mem', 'rb').read(1)",
    "list a folder": "os.listdir('{folder}')",
    "list processes": "os.listdir('/proc')",
    "make a file": "open('{folder}/new', 'w')",
    "write into a file": "open('{file}', 'a')",
    "make a file in memory": "os.memfd_create('x')",
    "open a device": "os.open('/dev/tty', os.O_RDWR)",
    "make a folder": "os.mkdir('{folder}/new')",
    "make a link": "os.symlink('{file}', '{folder}/new')",
    "make a hard link": "os.link('{file}', '{folder}/new')",
    "make a pipe with a name": "os.mkfifo('{folder}/new')",
    "delete a file": "os.unlink('{file}')",
    "rename a file": "os.rename('{file}', '{file}2')",
    "empty a file": "os.truncate('{file}', 0)",
}
PATHS = {
    "look whether a file exists": "os.stat('{file}')",
    "read a link": "os.readlink('/proc/self/exe')",
    "make a file public": "os.chmod('{file}', 0o777)",
    "give a file away": "os.chown('{file}', 1, 1)",
    "change a file's time": "os.utime('{file}', (1, 1))",
    "change the folder": "os.chdir('/')",
    "change the root": "os.chroot('/')",
    "ask where it is": "os.getcwd()",
}
SOCKETS = {
    "open an IPv4 socket": "socket.socket(socket.AF_INET)",
    "open an IPv6 socket": "socket.socket(socket.AF_INET6)",
    "open a datagram socket": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "open a Unix socket": "socket.socket(socket.AF_UNIX)",
    "open a pair of sockets": "socket.socketpair()",
    "open a pipe": "os.pipe()",
    "copy a descriptor": "os.dup(2)",
}
PROGRAMS = {
    "start a program": "subprocess.run(['/bin/true'])",
    "become a program": "os.execv('/bin/true', ['true'])",
    "spawn a program": "os.posix_spawn('/bin/true', ['true'], {{}})",
    "fork": "os.fork()",
}
OTHERS = {
    "signal the server": "os.kill({server}, 0)",
    "signal the nursery": "os.kill({nursery}, 0)",
    "signal its group": "os.killpg(0, 0)",
    "signal all": "os.kill(-1, 0)",
    "hold the server": "os.pidfd_open({server})",
    "raise its own limits": "resource.prlimit(0, resource.RLIMIT_NOFILE, (99, 99))",
    "limit the server": "resource.prlimit({server}, resource.RLIMIT_CPU, (1, 1))",
    "become another user": "os.setuid(1)",
    "slow others down": "os.setpriority(os.PRIO_PGRP, 0, 19)",
}
THREAD = "_thread.start_new_thread(print, ())"


@pytest.fixture
def scene(tmp_path):
    """A file like the secret key, and the processes around the worker."""
    file = tmp_path / "secret_key"
    file.write_text("not-for-the-worker")
    yield {
        "file": file,
        "folder": tmp_path,
        "server": os.getpid(),
        "nursery": sandbox.run(os.getppid, timeout=PATIENCE),
    }
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert file.read_text() == "not-for-the-worker"


@needs("seccomp")
@pytest.mark.parametrize("what", FILES | PATHS | SOCKETS | PROGRAMS | OTHERS)
def test_the_worker_can_not(what, scene):
    every = FILES | PATHS | SOCKETS | PROGRAMS | OTHERS

    assert inside(attempt, every[what].format(**scene)) == EPERM


def test_the_worker_can_not_start_a_thread():
    assert inside(attempt, THREAD) == "can't start new thread"


# --- each layer alone, as where the kernel lacks the others

ALONE = """
import _thread, ctypes, json, os, resource, signal, socket, subprocess, sys
from registry.content import confinement
{attempt}
layer, codes = sys.argv[1], json.loads(sys.argv[2])
if layer == "limit" and os.geteuid() == 0:
    os.setuid(65534)  # limits do not bind root
if layer != "limit":
    confinement.gain_no_privileges()
getattr(confinement, layer)()
print(json.dumps([attempt(code) for code in codes]))
"""


def alone(layer, codes):
    """The outcome of each of ``codes`` in a process confined by ``layer`` alone."""
    script = ALONE.format(attempt=source_of.getsource(attempt))
    made = subprocess.run(
        [sys.executable, "-c", script, layer, json.dumps(codes)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return json.loads(made.stdout)


def formatted(table, scene, *left_out):
    left = {what: code for what, code in table.items() if what not in left_out}
    return {what: code.format(**scene) for what, code in left.items()}


@needs("no_new_privs", "Landlock")
def test_landlock_alone_refuses_every_path(scene):
    codes = formatted(FILES, scene, "make a file in memory")
    codes["become a program"] = PROGRAMS["become a program"]

    found = dict(zip(codes, alone("reach_no_file", [*codes.values()]), strict=True))

    assert set(found.values()) == {EACCES}, found


@needs("no_new_privs", "Landlock")
def test_landlock_alone_refuses_the_network_and_other_processes(scene):
    connecting = "socket.socket().connect(('127.0.0.1', 9))"
    signalling = [OTHERS["signal the server"].format(**scene)]

    network, signals = alone("reach_no_file", [connecting, *signalling])

    abi = confinement._call(confinement.LANDLOCK_CREATE_RULESET, None, 0, 1)
    assert network == EACCES or abi < 4
    assert signals == EPERM or abi < 6


@needs("no_new_privs", "seccomp")
def test_seccomp_alone_refuses_all_of_it(scene):
    every = FILES | PATHS | SOCKETS | PROGRAMS | OTHERS
    codes = formatted(every, scene)

    found = dict(zip(codes, alone("call_little", [*codes.values()]), strict=True))

    assert set(found.values()) == {EPERM}, found


def test_limits_alone_refuse_files_sockets_and_programs(scene):
    reading = FILES["read a file"].format(**scene)

    descriptors = alone("limit", [reading, *SOCKETS.values()])
    forking, threading = alone("limit", ["os.fork()", THREAD])

    assert set(descriptors) == {EMFILE, EINVAL}  # EINVAL: copying one
    assert (forking, threading) == (EAGAIN, "can't start new thread")


# --- system calls


def refused_calls(numbers):
    """Those of ``numbers`` that are not refused with EPERM. Takes no argument that
    means anything, should one of them be let through."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    passed = []
    for number in numbers:
        ctypes.set_errno(0)
        done = library.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        if done != -1 or ctypes.get_errno() != 1:
            passed.append(number)
    return passed


ALL_CALLS = (
    confinement.SYSTEM_CALLS | confinement.MEMORY_CALLS | confinement.LIMIT_CALLS
)


@needs("seccomp")
def test_no_other_system_call_is_left():
    """io_uring, bpf, ptrace, process_vm_readv, userfaultfd, keyctl, mount, unshare,
    clone3, execveat, sendmsg, pidfd_send_signal ...: whatever the kernel has."""
    column, _ = confinement.ARCHITECTURES[os.uname().machine]
    allowed = {numbers[column] for numbers in ALL_CALLS.values()} | UNFILTERED
    others = [number for number in range(1024) if number not in allowed]
    x32 = [number + 0x40000000 for number in range(600)]

    assert inside(refused_calls, others + x32) == []


def calls_with_arguments(numbers):
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    mmap, mprotect, prlimit = numbers
    size, anonymous = 4096, 0x22
    library.syscall.restype = ctypes.c_long

    def call(number, *arguments):
        ctypes.set_errno(0)
        done = library.syscall(*map(ctypes.c_long, (number, *arguments)))
        return done if done > 0 else ctypes.get_errno()

    page = call(mmap, 0, size, 3, anonymous, -1, 0)
    return {
        "map memory": page > 4096,
        "map code": call(mmap, 0, size, 7, anonymous, -1, 0),
        "make code of memory": call(mprotect, page, size, 5),
        "change memory": call(mprotect, page, size, 1),
        "ask for its limit of files": call(prlimit, 0, 7, 0, 0),
        "ask for the limit of another": call(prlimit, 1, 0, 0, 0),
        "ask for its limit of CPU time": call(prlimit, 0, 0, 0, 0),
    }


@needs("seccomp")
def test_memory_never_becomes_code_and_limits_stay():
    column, _ = confinement.ARCHITECTURES[os.uname().machine]
    names = "mmap", "mprotect", "prlimit64"

    found = inside(calls_with_arguments, [ALL_CALLS[name][column] for name in names])

    assert found == {
        "map memory": True,
        "map code": EPERM,
        "make code of memory": EPERM,
        "change memory": 0,
        "ask for its limit of files": EPERM,
        "ask for the limit of another": EPERM,
        "ask for its limit of CPU time": 0,
    }


def test_the_numbers_of_system_calls_are_those_of_libseccomp():
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp is not installed")
    number_of = library.seccomp_syscall_resolve_name_arch
    machines = [arch for _, arch in confinement.ARCHITECTURES.values()]

    expected = {
        name: tuple(
            number_of(ctypes.c_uint32(arch), name.encode()) for arch in machines
        )
        for name in ALL_CALLS
    }

    assert expected == ALL_CALLS


CODE_OF_32_BITS = r"""
import ctypes, mmap
from registry.content import confinement
page = mmap.mmap(-1, 4096, prot=7)
page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
assert call() > 0
confinement.gain_no_privileges()
confinement.call_little()
print("confined", flush=True)
call()
print("survived", flush=True)
"""


@needs("seccomp")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="is about x86_64")
def test_a_system_call_of_32_bits_ends_the_process():
    made = subprocess.run(
        [sys.executable, "-c", CODE_OF_32_BITS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if not made.stdout:
        pytest.skip("this kernel runs no code of 32 bits")

    assert (made.returncode, made.stdout) == (-signal.SIGSYS, "confined\n")


# --- what the kernel says of the worker, from outside


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_worker_has_its_socket_and_the_log_and_nothing_else():
    pid = sandbox.run(os.getpid, timeout=PATIENCE)
    folder = Path(f"/proc/{pid}/fd")
    opened = {int(path.name): os.readlink(path) for path in folder.iterdir()}

    assert opened.pop(0) == "/dev/null"
    assert opened.pop(1) == opened.pop(2) == os.readlink("/proc/self/fd/2")
    assert [what.partition(":")[0] for what in opened.values()] == ["socket"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_the_worker_says_of_itself_is_what_the_kernel_says():
    pid = sandbox.run(os.getpid, timeout=PATIENCE)
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    said = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    limits = Path(f"/proc/{pid}/limits").read_text()

    assert (said["NoNewPrivs"] == "1") is (LACKING["no_new_privs"] == "")
    assert (said["Seccomp"] == "2") is (LACKING["seccomp"] == "")
    for name in ("processes", "open files", "core file size", "file size"):
        row = next(x for x in limits.splitlines() if x.startswith(f"Max {name} "))
        assert row.split()[-3:-1] == ["0", "0"], row


# --- tasks run as before


def picture(kind):
    file = io.BytesIO()
    small = Image.effect_noise((30, 20), 60)
    exif = small.getexif()
    exif[274] = 6  # turned
    small.save(file, kind, exif=exif.tobytes())
    return base64.b64encode(file.getvalue()).decode()


CARD = dict.fromkeys(
    "author slug version description license category command".split(), "Ąx 漢 " * 20
)
FENCES = "".join(
    f"```{language}\nlet a = <b>1</b>\n```\n"
    for language in [*rendering.LANGUAGES, "python", "php", "nonsense"]
)
CODE = "export const a = (c) => fetch(`https://x.example/${c.env.A}`); // \U0001f600\n"
# As they are called -> (the function, several lists of arguments)
TASKS = {
    "*task": [
        *((rendering.source_html, CODE, language) for language in rendering.LANGUAGES),
        (rendering.html_and_prose, f"# A\n\n- [ ] b\n\n|a|\n|-|\n|b|\n\n{FENCES}"),
    ],
    "inspect": [
        (inspection.inspect, {}, {name: CODE})
        for name in ("a.ts", "a.tsx", "a.js", "a.jsx", "a.mjs", "a.sql", "a.json")
    ],
    "inspect_text": [
        (inspection.inspect_text, {}, {"a.ts": CODE, "b.ts": "\U0001f600 \u202e"})
    ],
    "compare_texts": [(comparison.compare_texts, {"a": CODE}, {"a": CODE + "b"})],
    "screenshots.reencode": [
        (screenshots.reencode, picture(kind)) for kind in screenshots.FORMATS
    ],
    "og_image.draw": [(og_image.draw, CARD)],
}


def test_every_kind_of_task_is_here():
    """A new one joins TASKS: confined, it may lack a module or file that its module's
    ``warm_up`` has to load."""
    found = set()
    for room in ("accounts", "admin_portal", "api", "core", "hub", "registry"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func) == "sandbox.run"
                ):
                    found.add(ast.unparse(node.args[0]))

    assert found == set(TASKS)


@pytest.mark.parametrize(
    ("function", "args"),
    [(task[0], task[1:]) for tasks in TASKS.values() for task in tasks],
)
def test_a_confined_task_makes_what_it_makes_elsewhere(function, args, capfd):
    made = sandbox.run(function, *args, timeout=PATIENCE)

    assert made == json.loads(json.dumps(function(*args)))
    assert capfd.readouterr().err == ""


def test_a_task_that_was_not_loaded_is_loaded_for_the_next_worker():
    import colorsys

    assert sandbox.run(colorsys.rgb_to_hsv, 0, 0, 1, timeout=PATIENCE) == [2 / 3, 1, 1]


def test_a_task_of_a_broken_module_spares_the_others(tmp_path, monkeypatch, caplog):
    def task():
        pass

    task.__module__ = "no.such.module"
    with pytest.raises(sandbox.SandboxCrashed):
        sandbox.run(task, timeout=PATIENCE)

    assert sandbox.run(abs, -1, timeout=PATIENCE) == 1


# --- where a layer is missing

# Refuses Landlock as some containers do: with a filter of system calls.
CONTAINER = """
import errno, os, struct, sys, ctypes
from registry.content import confinement as c
steps = [(c.LOAD, 0, 0, c.NUMBER), (c.JUMP_IF_EQUAL, 0, 1, c.LANDLOCK_CREATE_RULESET),
         (c.RETURN, 0, 0, c.REFUSE), (c.RETURN, 0, 0, c.ALLOW)]
c.gain_no_privileges()
c._FILTER = b"".join(struct.pack("=HBBI", *step) for step in steps)
try:
    c.call_little()
except c.Missing:
    pass  # it refuses Landlock alone
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
ASK = """
import logging; logging.basicConfig(level=20)
from registry.content import sandbox
print(sandbox.confinement())
print(sandbox.run(abs, -1, timeout=60))
"""


def in_container(*command, **environment):
    return subprocess.run(
        [sys.executable, "-c", CONTAINER, *command],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@needs("seccomp", "Landlock")
def test_a_missing_layer_is_named_and_the_others_hold():
    made = in_container("-c", ASK)

    assert made.returncode == 0, made.stderr
    line, result = made.stdout.splitlines()
    assert line.startswith("worker: no_new_privs, ")
    assert "; Landlock is refused here, as some containers do" in line
    assert "seccomp" in line.partition(";")[0]
    assert result == "1"


@needs("seccomp", "Landlock")
def test_no_text_is_read_without_a_layer_that_is_required():
    made = in_container("-c", ASK, REQUIRE_CONFINEMENT="1")

    assert made.returncode == 1
    assert "sandbox.SandboxCrashed: Processing this text failed." in made.stderr
    assert "Landlock is refused here" in made.stderr


@needs("seccomp", "Landlock")
def test_the_hub_does_not_start_without_a_layer_that_is_required(tmp_path):
    chosen = {"HUB_DATA_DIR": str(tmp_path), "REQUIRE_CONFINEMENT": "1", "PORT": "1"}
    prepared = in_container("manage.py", "prepare_hub", **chosen)
    served = in_container(
        *"-m gunicorn -c config/gunicorn.py --bind 127.0.0.1:0 config.wsgi".split(),
        **chosen,
    )

    for made in (prepared, served):
        assert made.returncode == 1
        assert "The Hub does not start: REQUIRE_CONFINEMENT=1, and in the" in (
            made.stderr
        )
        assert "Landlock is refused here" in made.stderr
        assert "Traceback" not in made.stderr
    assert not list(tmp_path.glob("hub.sqlite3*"))


@needs(*LACKING)
def test_texts_are_read_where_all_layers_that_are_required_hold():
    made = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=os.environ | {"REQUIRE_CONFINEMENT": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    said = "worker: no_new_privs, Landlock, limits, seccomp\n1\n"
    assert (made.returncode, made.stdout) == (0, said), made.stderr


def test_readyz_and_the_log_of_a_start_say_what_holds(tmp_path, capfd):
    with HubServer(tmp_path) as hub:
        status, said = ready(hub)

    log = capfd.readouterr().err
    assert (status, said) == (200, f"ok\n{sandbox.confinement()}\n")
    assert log.count(str(sandbox.confinement())) == 1


def ready(hub):
    import urllib.request

    with urllib.request.urlopen(f"{hub.url}/readyz", timeout=30) as response:
        return response.status, response.read().decode()
