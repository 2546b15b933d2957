"""Who may read the files that the Hub makes."""

import os
import stat
from pathlib import Path

import pytest

from tests.hub_server import HubServer

UPLOAD = (
    "from django.core.files.base import ContentFile;"
    "from django.core.files.storage import default_storage;"
    "print(default_storage.save('screenshots/ab/x.webp', ContentFile(b'x')))"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data folder of a Hub that runs and that everything was done with, started by
    somebody whose umask forbids nothing."""
    folder = tmp_path_factory.mktemp("hub") / "new" / "data"
    before = os.umask(0)
    try:
        with HubServer(folder, SEED_DEMO="1") as hub:
            hub.account()
            hub.manage("shell", "-c", UPLOAD)
            yield folder
    finally:
        os.umask(before)


def modes(paths):
    return {str(path): stat.S_IMODE(path.stat().st_mode) for path in paths}


def made_in(folder: Path):
    return [folder, *folder.rglob("*")]


def test_what_the_hub_makes_is_for_its_user_alone(folder):
    static = folder / "static"
    private = [p for p in made_in(folder) if static not in (p, *p.parents)]
    names = {path.name for path in private}

    assert {"secret_key", "cache-versions", "demo_password", "x.webp"} <= names
    if "DATABASE_URL" not in os.environ:
        assert {"hub.sqlite3", "hub.sqlite3-wal", "hub.sqlite3-shm"} <= names
    open_to_others = {p: oct(m) for p, m in modes(private).items() if m & 0o077}
    assert open_to_others == {}
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_another_user_such_as_nginx_s_can_read_static_files(folder):
    static = made_in(folder / "static")

    assert {path.suffix for path in static} >= {".css", ".js", ".gz", ".br"}
    assert set(modes(p for p in static if p.is_dir()).values()) == {0o755}
    assert set(modes(p for p in static if p.is_file()).values()) == {0o644}
