"""Pages kept as files: whole or not at all, within their bounds, and never stale."""

import json
import re
import threading
import urllib.request

import pytest

from hub import kept_store
from hub.fastpath import FastPath, in_front_of
from hub.kept_store import PageStore, Stored
from registry.content import derived
from registry.installs import counting
from tests.conftest import CODE, body
from tests.hub_server import HubServer
from tests.wsgi_front import Counted, ask

ADDRESS = ("/functions/alice/image-resizer", "", True)
PAGE = Stored([("ETag", '"a"'), ("Vary", "Accept-Encoding")], b"\x1f\x8b body\n", 7)
FUNCTION = "/functions/alice/image-resizer"
INSTALL = f"/api/community{FUNCTION}/install"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pages"


@pytest.fixture
def store(folder):
    return PageStore(folder, 2**28)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_put_is_there_for_other_processes(store, folder):
    store.put(ADDRESS, "key", PAGE)

    assert PageStore(folder, 2**28).get(ADDRESS, "key") == PAGE


def test_another_key_or_address_finds_nothing(store):
    store.put(ADDRESS, "key", PAGE)

    assert store.get(ADDRESS, "other") is None
    assert store.get((*ADDRESS[:2], False), "key") is None


def test_a_newer_page_takes_the_place_of_the_older(store, folder):
    store.put(ADDRESS, "key", PAGE)
    store.put(ADDRESS, "newer", PAGE._replace(body=b"newer"))

    assert store.get(ADDRESS, "newer").body == b"newer"
    assert store.get(ADDRESS, "key") is None
    assert len(files(folder)) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content.replace(b"body", b"bodx"),
        lambda content: content + b"x",
        lambda content: b"\0" * len(content),
        lambda content: b"[]\n",
        lambda content: b"{}\n",
    ],
    ids=["empty", "cut", "head cut", "changed", "longer", "zeros", "list", "nothing"],
)
def test_a_torn_file_is_not_used(store, folder, damage):
    store.put(ADDRESS, "key", PAGE)
    (path,) = files(folder)
    path.write_bytes(damage(path.read_bytes()))

    assert store.get(ADDRESS, "key") is None


def test_links_are_not_followed(store, folder, tmp_path):
    store.put(ADDRESS, "key", PAGE)
    (path,) = files(folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)

    assert store.get(ADDRESS, "key") is None

    store.put(ADDRESS, "newer", PAGE)
    assert store.get(ADDRESS, "newer") == PAGE
    assert not path.is_symlink()
    assert b'"newer"' not in elsewhere.read_bytes()


def test_a_link_in_place_of_the_folder_is_refused(folder, tmp_path, settings):
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotADirectoryError):
        PageStore(folder, 2**28)
    settings.DATA_DIR, settings.PAGE_CACHE_BYTES = tmp_path, 0
    assert in_front_of(Counted())._store is None


def test_only_its_owner_reads_the_folder(store, folder):
    store.put(ADDRESS, "key", PAGE)
    (path,) = files(folder)

    modes = [each.stat().st_mode & 0o777 for each in (folder, path.parent, path)]
    assert modes == [0o700, 0o700, 0o600]


def test_the_folder_stays_within_its_bytes_and_keeps_the_newest(folder, monkeypatch):
    monkeypatch.setattr(kept_store, "LOOKED_AFTER", 1)
    monkeypatch.setattr(kept_store, "FOLDERS", 1)
    monkeypatch.setattr(PageStore, "_path", lambda self, a: f"{self._folder}/0/{a[0]}")
    store = PageStore(folder, 20_000)
    page = PAGE._replace(body=b"x" * 1000)

    for n in range(100):
        store.put((f"{n:03}",), "key", page)

    assert 0 < sum(path.stat().st_size for path in files(folder)) <= 20_000
    assert store.get(("099",), "key") == page
    assert store.get(("000",), "key") is None


def test_a_page_that_would_fill_the_folder_is_not_stored(folder):
    store = PageStore(folder, 256 * 1000)

    store.put(ADDRESS, "key", PAGE._replace(body=b"x" * 1000))

    assert files(folder) == []


def test_a_disk_that_refuses_costs_no_answer(store, folder):
    folder.rmdir()
    folder.write_text("in the way")

    store.put(ADDRESS, "key", PAGE)

    assert store.get(ADDRESS, "key") is None


def test_another_release_or_day_makes_pages_anew(monkeypatch):
    key = kept_store.key_of((1, "a"))

    assert kept_store.key_of((1, "a")) == key
    assert kept_store.key_of((1, "b")) != key
    monkeypatch.setattr(kept_store, "release", lambda: "another")
    assert kept_store.key_of((1, "a")) != key


def test_a_setting_that_pages_show_is_part_of_the_release(settings):
    kept_store.release.cache_clear()
    before = kept_store.release()
    settings.HUB_URL = "https://another.example"
    kept_store.release.cache_clear()

    assert kept_store.release() != before
    kept_store.release.cache_clear()


def test_installs_served_from_files_count(transactional_db, publish, store):
    version = publish()
    django = Counted()
    ask(FastPath(django, 0, store), INSTALL, REMOTE_ADDR="127.0.0.2")
    ask(FastPath(django, 0, store), INSTALL, REMOTE_ADDR="127.0.0.3")
    front = FastPath(django, 0, store)
    ask(front, INSTALL, REMOTE_ADDR="127.0.0.3")
    ask(front, INSTALL, REMOTE_ADDR="127.0.0.4", method="HEAD")
    ask(front, INSTALL, REMOTE_ADDR="127.0.0.5", HTTP_IF_NONE_MATCH='"x"')
    assert django.asked == 1

    counting.flush()

    version.function.refresh_from_db()
    assert version.function.install_count == 2


def test_a_page_that_changes_while_it_is_made_is_not_stored(
    transactional_db, publish, store, folder
):
    derived.make(publish().pk)

    def application(environ, start_response):
        answer = Counted()(environ, start_response)
        derived.make(publish(version="1.1.0", code=f"{CODE}// 2\n").pk)
        return answer

    assert b"1.0.0" in ask(FastPath(application, 2**20, store), FUNCTION)[2]
    assert files(folder) == []
    assert b"1.1.0" in ask(FastPath(Counted(), 2**20, store), FUNCTION)[2]


@pytest.mark.main_flow
@pytest.mark.parametrize("memory", ["0", "32"])
def test_eight_readers_of_two_processes_see_only_right_bytes(tmp_path, memory):
    """While versions are published, with pages in files, and in memory too."""
    with HubServer(tmp_path, PAGE_CACHE_MB=memory) as server:
        key = server.account()
        publish = "/api/community/functions/ci/publish"
        integrity, pages, stop, failed = {}, set(), threading.Event(), []

        def read(path):
            with urllib.request.urlopen(server.url + path) as response:
                return response.read().decode()

        def read_on():
            try:
                while not stop.is_set():
                    pages.add((INSTALL, read(INSTALL)))
                    pages.add((FUNCTION, read(FUNCTION)))
            except Exception as error:
                failed.append(error)

        readers = [threading.Thread(target=read_on) for _ in range(8)]
        for n in range(8):
            code = f"{CODE}// {n}\n"
            sent = body(version=f"1.{n}.0", code=code, publish=True)
            assert server.call("POST", publish, sent, key)[0] in (200, 201)
            made = [json.loads(read(INSTALL)) for _ in range(6)]
            assert {each["version"] for each in made} == {f"1.{n}.0"}
            assert {each["files"][-1]["content"] for each in made} == {code}
            integrity[made[0]["version"]] = made[0]["integrity"]
            assert all(f'"{integrity[f"1.{n}.0"]}"' in read(FUNCTION) for _ in range(6))
            if n == 0:
                for reader in readers:
                    reader.start()
        stop.set()
        for reader in readers:
            reader.join()

        assert failed == []
        for path, text in pages:
            number = re.search(r'"version": ?"([^"]+)"', text)[1]
            assert integrity[number] in text
            others = [each for each in integrity if each != number]
            assert not any(integrity[each] in text for each in others)
            if path == INSTALL:
                content = json.loads(text)["files"][-1]["content"]
                assert content.endswith(f"// {number.split('.')[1]}\n")
        assert len({text for path, text in pages if path == INSTALL}) >= 8
