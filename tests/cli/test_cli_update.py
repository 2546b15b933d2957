"""``functions update``: scripted histories of a function and of my edits to it.

A history is: the files of 1.0.0, which I install; my edits; the files of 2.0.0;
then what the folder must hold after the update, and which files conflict.
"""

import json
from dataclasses import dataclass, field

import pytest
from aerostack_cli.snapshot import sha256

from tests.cli.conftest import tree

BASE = "".join(f"line {number}\n" for number in range(1, 11))
TOOL = "services/tool"


def edit(text, number, new):
    """``text`` with its line ``number`` (from 1) replaced."""
    lines = text.splitlines(keepends=True)
    lines[number - 1] = new
    return "".join(lines)


def marked(mine, theirs, version="2.0.0"):
    return f"<<<<<<< yours\n{mine}=======\n{theirs}>>>>>>> alice/tool@{version}\n"


def crlf(text):
    return text.replace("\n", "\r\n")


MINE = edit(BASE, 2, "mine 2\n")
THEIRS = edit(BASE, 9, "theirs 9\n")
BOTH = edit(THEIRS, 2, "mine 2\n")


@dataclass
class History:
    name: str
    old: dict
    new: dict
    edits: dict = field(default_factory=dict)  # path -> text, None deletes
    after: dict = field(default_factory=dict)
    conflicts: tuple = ()


def one(name, old, new, mine, after, conflict=False):
    """A history of a single file."""
    edits = {} if mine == old else {"a.ts": mine}
    conflicts = ("a.ts",) if conflict else ()
    return History(
        name, {"a.ts": old}, {"a.ts": new}, edits, {"a.ts": after}, conflicts
    )


CLASH = edit(BASE, 9, "mine 9\n")
KEEP = {"k.ts": "k\n"}

HISTORIES = [
    one("nothing changed but the number", BASE, BASE, BASE, BASE),
    one("clean, one line changed", BASE, THEIRS, BASE, THEIRS),
    one("clean, all changed", BASE, "other\n", BASE, "other\n"),
    one("clean, emptied to a line", BASE, "\n", BASE, "\n"),
    one("edited by me alone", BASE, BASE, MINE, MINE),
    one("edited elsewhere", BASE, THEIRS, MINE, BOTH),
    one("I added at the end, they at the start", BASE, "new\n" + BASE, BASE + "end\n",
        "new\n" + BASE + "end\n"),
    one("I removed lines, they changed others", BASE, THEIRS, BASE[14:], THEIRS[14:]),
    one("both made the same edit", BASE, THEIRS, THEIRS, THEIRS),
    one("same edit and one more of mine", BASE, THEIRS, BOTH, BOTH),
    one("edited same line", BASE, THEIRS, CLASH,
        edit(BASE, 9, marked("mine 9\n", "theirs 9\n")), True),
    one("same line and elsewhere", BASE, edit(THEIRS, 1, "theirs 1\n"), CLASH,
        edit(edit(BASE, 9, marked("mine 9\n", "theirs 9\n")), 1, "theirs 1\n"), True),
    one("I removed the line they changed", BASE, THEIRS, edit(BASE, 9, ""),
        edit(BASE, 9, marked("", "theirs 9\n")), True),
    one("they removed the line I changed", BASE, edit(BASE, 2, ""), MINE,
        edit(BASE, 2, marked("mine 2\n", "")), True),
    one("both added different ends", BASE, BASE + "t\n", BASE + "m\n",
        BASE + marked("m\n", "t\n"), True),
    one("I emptied it, they changed it", BASE, THEIRS, "",
        marked("", THEIRS), True),
    History("file added", KEEP, {**KEEP, "b.ts": "b\n"}, {},
            {**KEEP, "b.ts": "b\n"}),
    History("file added deep in new folders", KEEP, {**KEEP, "x/y/b.ts": "b\n"}, {},
            {**KEEP, "x/y/b.ts": "b\n"}),
    History("file added where I have the same", KEEP, {**KEEP, "b.ts": "b\n"},
            {"b.ts": "b\n"}, {**KEEP, "b.ts": "b\n"}),
    History("file added where I have another", KEEP, {**KEEP, "b.ts": "b\n"},
            {"b.ts": "mine\n"}, {**KEEP, "b.ts": marked("mine\n", "b\n")}, ("b.ts",)),
    History("file of mine they know nothing of", KEEP, {"k.ts": "2\n"},
            {"notes.ts": "n\n"}, {"k.ts": "2\n", "notes.ts": "n\n"}),
    History("file removed", {**KEEP, "b.ts": BASE}, KEEP, {}, KEEP),
    History("file removed that I edited", {**KEEP, "b.ts": BASE}, KEEP,
            {"b.ts": MINE}, {**KEEP, "b.ts": MINE}, ("b.ts",)),
    History("file removed that I deleted", {**KEEP, "b.ts": BASE}, KEEP,
            {"b.ts": None}, KEEP),
    History("file renamed", {**KEEP, "b.ts": BASE}, {**KEEP, "c/d.ts": BASE}, {},
            {**KEEP, "c/d.ts": BASE}),
    History("file renamed that I edited", {**KEEP, "b.ts": BASE},
            {**KEEP, "c.ts": BASE}, {"b.ts": MINE}, {**KEEP, "c.ts": MINE}),
    History("file renamed that I deleted", {**KEEP, "b.ts": BASE},
            {**KEEP, "c.ts": BASE}, {"b.ts": None}, KEEP),
    History("file renamed onto one of mine", {**KEEP, "b.ts": BASE},
            {**KEEP, "c.ts": BASE}, {"c.ts": "mine\n"},
            {**KEEP, "b.ts": BASE, "c.ts": "mine\n"}, ("c.ts",)),
    History("file renamed and changed, clean", {**KEEP, "b.ts": BASE},
            {**KEEP, "c.ts": THEIRS}, {}, {**KEEP, "c.ts": THEIRS}),
    History("file renamed and changed that I edited", {**KEEP, "b.ts": BASE},
            {**KEEP, "c.ts": THEIRS}, {"b.ts": MINE},
            {**KEEP, "b.ts": MINE, "c.ts": THEIRS}, ("b.ts",)),
    History("two files swap names", {"a.ts": "1\n", "b.ts": "2\n"},
            {"a.ts": "2\n", "b.ts": "1\n"}, {}, {"a.ts": "2\n", "b.ts": "1\n"}),
    one("CRLF published, CRLF merged", crlf(BASE), crlf(THEIRS), crlf(MINE),
        crlf(BOTH)),
    one("CRLF given by git, clean", BASE, THEIRS, crlf(BASE), crlf(THEIRS)),
    one("CRLF given by git, edited", BASE, THEIRS, crlf(MINE), crlf(BOTH)),
    one("they turned to CRLF", BASE, crlf(THEIRS), MINE, crlf(BOTH)),
    one("CRLF conflict keeps CRLF", crlf(BASE), crlf(THEIRS), crlf(CLASH),
        crlf(edit(BASE, 9, marked("mine 9\n", "theirs 9\n"))), True),
    one("mixed line ends stay mixed", BASE + "x\r\n", THEIRS + "x\r\n", MINE + "x\r\n",
        BOTH + "x\r\n"),
    one("no newline at end, theirs elsewhere", BASE[:-1], THEIRS[:-1], MINE[:-1],
        BOTH[:-1]),
    one("they added the newline at the end", BASE[:-1], BASE, MINE[:-1], MINE),
    one("I removed the newline at the end", BASE, THEIRS, BASE[:-1], THEIRS[:-1]),
    History("deleted by me, unchanged", {**KEEP, "b.ts": BASE},
            {"k.ts": "2\n", "b.ts": BASE}, {"b.ts": None}, {"k.ts": "2\n"}),
    History("deleted by me, changed by them", {**KEEP, "b.ts": BASE},
            {**KEEP, "b.ts": THEIRS}, {"b.ts": None}, KEEP, ("b.ts",)),
    one("bytes of mine that are no UTF-8", BASE, THEIRS,
        MINE + "\udcff\n", BOTH + "\udcff\n"),
    one("a long file edited far apart", BASE * 300, THEIRS + BASE * 299,
        BASE * 299 + MINE, THEIRS + BASE * 298 + MINE),
]  # fmt: skip


def data(text):
    return text.encode("utf-8", "surrogateescape")


@pytest.fixture
def installed(aerostack, hub, project):
    """Install alice/tool 1.0.0 with these files, then edit it."""

    def install(old, edits=None):
        hub.publish("tool", "1.0.0", old)
        done = aerostack("functions", "install", "alice/tool", "--hub", hub.url)
        assert done.status == 0, done.err
        for path, text in (edits or {}).items():
            place = project / TOOL / path
            if text is None:
                place.unlink()
            else:
                place.write_bytes(data(text))

    return install


@pytest.mark.parametrize("history", HISTORIES, ids=lambda h: h.name)
def test_update_merges(aerostack, hub, project, installed, history):
    installed(history.old, history.edits)
    hub.publish("tool", "2.0.0", history.new)

    done = aerostack("functions", "update", "tool", "--json")

    [report] = done.json["functions"]
    conflicts = [item["path"] for item in report["conflicts"]]
    after = {path: data(text) for path, text in history.after.items()}
    assert tree(project / TOOL) == after
    assert conflicts == [f"{TOOL}/{path}" for path in history.conflicts]
    assert done.status == (4 if history.conflicts else 0)
    entry = json.loads((project / "aerostack.lock").read_text())["functions"]["tool"]
    assert entry["version"] == "2.0.0"
    assert entry["files"] == {p: sha256(data(t)) for p, t in history.new.items()}


def test_update_prints_what_it_did_and_the_conflicts(aerostack, hub, installed):
    installed({"a.ts": BASE, "b.ts": BASE, "c.ts": "1"}, {"a.ts": MINE, "b.ts": CLASH})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS, "b.ts": THEIRS, "c.ts": "2"})

    out = aerostack("functions", "update", "tool").out

    assert "Updated tool 1.0.0 -> 2.0.0" in out
    assert f"{TOOL}/a.ts: merged with your edits" in out
    assert f"{TOOL}/c.ts: updated" in out
    assert f"CONFLICT {TOOL}/b.ts: 1 place to merge by hand" in out


def test_update_says_what_the_new_version_needs(aerostack, hub, installed):
    installed({"a.ts": BASE})
    hub.publish(
        "tool", "2.0.0", {"a.ts": "2\n"}, npmDependencies=["zod"], envVars=["NEW_KEY"]
    )

    out = aerostack("functions", "update", "tool").out

    assert "npm install zod" in out
    assert "NEW_KEY=" in out


def test_update_fetches_the_base_by_hash(aerostack, hub, installed):
    installed({"a.ts": BASE}, {"a.ts": MINE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})

    aerostack("functions", "update", "tool")

    digest = sha256(BASE.encode())
    assert len(hub.asked("GET", f"/api/community/files/{digest}")) == 1


def test_update_finds_a_base_that_is_lost_by_hash_in_its_version(
    aerostack, hub, project, installed
):
    installed({"a.ts": BASE}, {"a.ts": MINE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    hub.lost.add(sha256(BASE.encode()))

    assert aerostack("functions", "update", "tool").status == 0
    assert tree(project / TOOL) == {"a.ts": BOTH.encode()}


def test_update_without_any_base_marks_every_difference(
    aerostack, hub, project, installed
):
    installed({"a.ts": BASE}, {"a.ts": MINE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    hub.lost.add(sha256(BASE.encode()))
    del hub.versions["tool"][1]

    done = aerostack("functions", "update", "tool")

    assert done.status == 4
    text = edit(THEIRS, 9, marked("line 9\n", "theirs 9\n"))
    text = text.replace("line 2\n", marked("mine 2\n", "line 2\n"))
    assert tree(project / TOOL) == {"a.ts": text.encode()}


def test_update_without_base_needs_none_for_clean_files(
    aerostack, hub, project, installed
):
    installed({"a.ts": BASE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    hub.lost.add(sha256(BASE.encode()))
    del hub.versions["tool"][1]

    assert aerostack("functions", "update", "tool").status == 0
    assert tree(project / TOOL) == {"a.ts": THEIRS.encode()}


def test_update_passes_over_a_yanked_version(aerostack, hub, project, installed):
    installed({"a.ts": BASE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    hub.yank("tool", "2.0.0", "broken")
    before = tree(project)

    done = aerostack("functions", "update", "tool")

    assert (done.status, tree(project)) == (0, before)
    assert "tool 1.0.0 is up to date" in done.out


def test_update_to_a_yanked_version_by_number_says_so(aerostack, hub, installed):
    installed({"a.ts": BASE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    hub.yank("tool", "2.0.0", "broken")

    done = aerostack("functions", "update", "tool@2.0.0")

    assert done.status == 0
    assert "was yanked: broken" in done.err


def test_update_never_goes_back_by_itself(aerostack, hub, project, installed):
    hub.publish("tool", "0.9.0", {"a.ts": "old\n"})
    installed({"a.ts": BASE})
    hub.yank("tool", "1.0.0", "broken")
    before = tree(project)

    done = aerostack("functions", "update", "tool")

    assert (done.status, tree(project)) == (0, before)
    assert "1.0.0 was yanked, and there is no newer version" in done.err
    assert aerostack("functions", "update", "tool@0.9.0").status == 0
    assert tree(project / TOOL) == {"a.ts": b"old\n"}


def test_update_of_a_function_without_a_live_version_says_why(
    aerostack, hub, installed
):
    installed({"a.ts": BASE})
    hub.yank("tool", "1.0.0", "broken")

    done = aerostack("functions", "update", "--all")

    assert done.status == 0
    assert "1.0.0 was yanked, and there is no newer version: broken" in done.err


def test_update_refuses_while_markers_are_left(aerostack, hub, project, installed):
    installed({"a.ts": BASE}, {"a.ts": CLASH})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    aerostack("functions", "update", "tool")
    hub.publish("tool", "3.0.0", {"a.ts": THEIRS + "3\n"})
    before = tree(project)

    done = aerostack("functions", "update", "tool")

    assert done.status == 4
    assert "UNMERGED" in done.err
    assert tree(project) == before


def test_dry_run_says_what_would_happen(aerostack, hub, project, installed):
    installed({"a.ts": BASE}, {"a.ts": CLASH})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    before = tree(project)

    done = aerostack("functions", "update", "--all", "--dry-run")

    assert done.status == 4
    assert "Would update tool" in done.out
    assert tree(project) == before


def test_update_of_all_writes_nothing_when_one_cannot_be_fetched(
    aerostack, hub, project, installed
):
    installed({"a.ts": BASE})
    hub.publish("zebra", "1.0.0", {"z.ts": "1\n"})
    aerostack("functions", "install", "alice/zebra", "--hub", hub.url)
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS})
    del hub.versions["zebra"]
    before = tree(project)

    assert aerostack("functions", "update", "--all").status == 1
    assert tree(project) == before


def test_a_renamed_function_keeps_its_name_here(aerostack, hub, project, installed):
    installed({"a.ts": BASE})
    hub.publish("tool", "2.0.0", {"a.ts": THEIRS}, author="bob")
    hub.versions["tool"][0]["slug"] = "new-tool"

    done = aerostack("functions", "update", "tool")

    assert done.status == 0
    assert "tool is bob/new-tool now; it was alice/tool" in done.err
    lock = json.loads((project / "aerostack.lock").read_text())["functions"]
    assert list(lock) == ["tool"]
    assert tree(project / "services") == {"tool/a.ts": THEIRS.encode()}


def test_update_points_the_service_at_the_files_new_name(
    aerostack, hub, project, installed
):
    installed({"index.ts": BASE})
    path = project / "aerostack.toml"
    path.write_text("# mine\n" + path.read_text() + "# end\n")
    hub.publish("tool", "2.0.0", {"src/index.ts": BASE})

    aerostack("functions", "update", "tool")

    assert path.read_text() == (
        '# mine\n[[services]]\nname = "tool"\nmain = "services/tool/src/index.ts"\n'
        "# end\n"
    )


@pytest.mark.parametrize("args", [[], ["tool", "--all"], ["nothing"], ["bob/tool"]])
def test_update_of_what_is_not_there_is_a_usage_error(aerostack, installed, args):
    installed({"a.ts": BASE})

    assert aerostack("functions", "update", *args).status == 2
