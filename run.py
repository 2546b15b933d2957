#!/usr/bin/env python3
"""Everything in one file, with nothing but Python: ``run.py serve`` runs the Hub,
``run.py test`` runs the tests. Both set up what they need first.

    python3 run.py serve           the Hub on http://127.0.0.1:8000, with demo content
    python3 run.py test [ARGS]     the whole suite; ARGS go to pytest
    python3 run.py check           format, lint, deploy checks, migrations
    python3 run.py manage [ARGS]   Django's manage.py in the same environment
    python3 run.py bench [ARGS]    the benchmarks (see docs/performance.md)
    python3 run.py mutate [PATH]   break rules one by one: does a test fail? (hours)
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CLI = ROOT / "cli"
# Each holds all of those before it.
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-mutate.txt"]


def main() -> int:
    verbs = {
        "serve": serve,
        "test": test,
        "check": check,
        "manage": manage,
        "bench": bench,
        "mutate": mutate,
    }
    verb, args = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if verb not in verbs:
        print(__doc__.strip())
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036  (Debian 11 has 3.9)
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    os.chdir(ROOT)
    return verbs[verb](args)


def serve(args: list[str]) -> int:
    """Migrate, seed on the first start, then become gunicorn."""
    set_up("requirements.txt")
    command = [PYTHON, "manage.py", "prepare_hub"]
    if subprocess.run(command).returncode:
        return 1
    gunicorn = [VENV / "bin" / "gunicorn", "-c", "config/gunicorn.py", *args]
    os.execv(gunicorn[0], [*map(str, gunicorn), "config.wsgi:application"])


def test(args: list[str]) -> int:
    set_up("requirements-dev.txt")
    return subprocess.run([PYTHON, "-m", "pytest", *(args or ["-n", "2"])]).returncode


def check(args: list[str]) -> int:
    set_up("requirements-dev.txt")
    deploy = os.environ | {"HUB_URL": "https://hub.example.com", "DEBUG": "0"}
    steps = [
        (["-m", "ruff", "format", "--check", "."], None),
        (["-m", "ruff", "check", "."], None),
        (["manage.py", "check", "--deploy", "--fail-level", "WARNING"], deploy),
        (["manage.py", "makemigrations", "--check", "--dry-run"], None),
    ]
    failed = [s for s, env in steps if subprocess.run([PYTHON, *s], env=env).returncode]
    for step in failed:
        print("failed:", *step)
    return bool(failed)


def manage(args: list[str]) -> int:
    set_up("requirements.txt")
    return subprocess.run([PYTHON, "manage.py", *args]).returncode


def bench(args: list[str]) -> int:
    set_up("requirements-dev.txt")
    return subprocess.run([PYTHON, "-m", "bench", *args]).returncode


def mutate(args: list[str]) -> int:
    set_up("requirements-mutate.txt")
    return subprocess.run([PYTHON, "-m", "tests.mutation", *args]).returncode


def set_up(lock: str) -> None:
    """Bring .venv up to ``lock``: packages with hashes, then our own command."""
    done = VENV / f"{lock}.done"
    wanted = fingerprint(lock)
    covering = LOCKS[LOCKS.index(lock) :]
    marks = [VENV / f"{each}.done" for each in covering]
    if any(mark.exists() and mark.read_text() == wanted for mark in marks):
        return
    if not PYTHON.exists():
        make_venv()
    print(f"Setting up {lock} (a minute or two, once) ...", flush=True)
    pip("install", "--require-hashes", "-r", lock)
    if (CLI / "pyproject.toml").exists():
        pip("install", "--no-deps", "--no-build-isolation", "-e", str(CLI))
    done.write_text(wanted)


def fingerprint(lock: str) -> str:
    """Changes when a lock, the command's packaging or Python does."""
    parts = [sys.version, *map(str, sorted(ROOT.glob("requirements*.txt")))]
    files = [*ROOT.glob("requirements*.txt"), CLI / "pyproject.toml"]
    digest = hashlib.sha256("".join(parts).encode())
    for file in sorted(files):
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        install = ["apt-get", "install", "-y", "python3-venv"]
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.exit(f"Python's venv is missing. Run: sudo {' '.join(install)}")
        subprocess.run(["apt-get", "update", "-q"], check=True)
        subprocess.run(install, check=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def pip(*args: str) -> None:
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "-q", *args]
    if subprocess.run(command).returncode:
        sys.exit(
            "Installing packages failed; the lines above say why. Nothing else "
            "was changed: run the same command again once it is mended."
        )


if __name__ == "__main__":
    sys.exit(main())
