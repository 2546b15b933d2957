"""Merging: which side wins, what a conflict looks like, what is said about a file."""

import pytest
from aerostack_cli.merging import (
    Merged,
    Sides,
    has_markers,
    matches,
    merge_files,
    merge_text,
)
from aerostack_cli.snapshot import sha256

LABEL = "alice/tool@2.0.0"
OLD = "one\ntwo\nthree\n"
NEW = "one\ntwo\nTHREE\n"


def marked(mine, theirs):
    return f"<<<<<<< yours\n{mine}=======\n{theirs}>>>>>>> {LABEL}\n"


def crlf(text):
    return text.replace("\n", "\r\n")


# --- texts


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged", "conflicts"),
    [
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n", 0),
        ("a\n", "m\n", "t\n", marked("m\n", "t\n"), 1),
        ("a\nb\nc\n", "m\nb\nm\n", "t\nb\nt\n",
         marked("m\n", "t\n") + "b\n" + marked("m\n", "t\n"), 2),
        ("a\n", "m\n", "m\n", "m\n", 0),
        ("", "m\n", "", "m\n", 0),
        ("", "", "t\n", "t\n", 0),
        ("", "m\n", "t\n", marked("m\n", "t\n"), 1),
        ("a\n", "", "a\n", "", 0),
        ("a\n", "a\n", "", "", 0),
        ("a\n", "", "t\n", marked("", "t\n"), 1),
        ("a\n", "m\n", "", marked("m\n", ""), 1),
    ],
)  # fmt: skip
def test_both_sides_edits_are_kept_and_each_clash_is_counted(
    base, mine, theirs, merged, conflicts
):
    assert merge_text(base, mine, theirs, LABEL) == Merged(merged, conflicts)


@pytest.mark.parametrize(
    ("mine", "theirs", "merged", "conflicts"),
    [
        ("a\nb\n", "a\nb\n", "a\nb\n", 0),
        ("a\nm\nb\n", "a\nt\nb\n", "a\n" + marked("m\n", "t\n") + "b\n", 1),
        ("a\nm\n", "a\n", "a\n" + marked("m\n", ""), 1),
        ("m\na\nb\n", "a\nb\nt\n", marked("m\n", "") + "a\nb\n" + marked("", "t\n"), 2),
        ("", "t\n", marked("", "t\n"), 1),
    ],
)
def test_without_the_old_text_every_difference_is_a_clash(
    mine, theirs, merged, conflicts
):
    assert merge_text(None, mine, theirs, LABEL) == Merged(merged, conflicts)


# More than 200 lines, most of them alike: difflib would take these for junk.
ALIKE = "}\n" * 300


@pytest.mark.parametrize(
    ("base", "merged"),
    [
        (ALIKE, Merged("mine\n" + ALIKE, 0)),
        (None, Merged(marked("mine\n", "") + ALIKE, 1)),
    ],
)
def test_lines_that_are_many_and_alike_are_matched_all_the_same(base, merged):
    assert merge_text(base, "mine\n" + ALIKE, ALIKE, LABEL) == merged


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "end"),
    [
        ("\n", "\n", "\n", "\n"),
        ("\n", "\r\n", "\n", "\r\n"),
        ("\n", "\n", "\r\n", "\r\n"),
        ("\r\n", "\n", "\r\n", "\n"),
        ("\r\n", "\r\n", "\n", "\n"),
        ("\n", "\r\n", "\r\n", "\r\n"),
        ("\r\n", "\r\n", "\r\n", "\r\n"),
    ],
)
def test_the_line_end_that_was_changed_wins(base, mine, theirs, end):
    merged = merge_text(
        OLD.replace("\n", base),
        ("zero\n" + OLD).replace("\n", mine),
        NEW.replace("\n", theirs),
        LABEL,
    )

    assert merged == Merged(("zero\n" + NEW).replace("\n", end), 0)


def test_the_marks_of_a_clash_end_as_the_file_does():
    merged = merge_text(crlf("a\n"), crlf("m\n"), crlf("t\n"), LABEL)

    assert merged == Merged(crlf(marked("m\n", "t\n")), 1)


def test_texts_that_mix_line_ends_are_compared_with_them():
    mixed = "one\r\ntwo\nthree\n"

    assert merge_text(mixed, "zero\n" + mixed, mixed, LABEL).text == "zero\n" + mixed
    clash = merge_text(mixed, "one\ntwo\nthree\n", "ONE\r\ntwo\nthree\n", LABEL)
    assert clash == Merged(marked("one\n", "ONE\r\n") + "two\nthree\n", 1)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "is_closed"),
    [
        (True, True, True, True),
        (True, False, True, False),
        (True, True, False, False),
        (True, False, False, False),
        (False, True, False, True),
        (False, False, True, True),
        (False, True, True, True),
        (False, False, False, False),
    ],
)
def test_the_newline_at_the_end_that_was_changed_wins(base, mine, theirs, is_closed):
    def text(content, closed):
        return content if closed else content.removesuffix("\n")

    merged = merge_text(
        text(OLD, base),
        text("zero\n" + OLD, mine),
        text("ONE\n" + OLD[4:], theirs),
        "x",
    )
    # Both changed the beginning; the end is decided on its own.
    assert merged.conflicts == 1
    assert merged.text.endswith("three\n") is is_closed
    assert merged.text.removesuffix("\n").endswith("three")


# --- marks and hashes


@pytest.mark.parametrize(
    ("text", "is_marked"),
    [
        (marked("m\n", "t\n"), True),
        (crlf(marked("m\n", "t\n")), True),
        ("<<<<<<< HEAD\n=======\n>>>>>>> main\n", True),
        ("<<<<<<< yours\n", False),
        (f">>>>>>> {LABEL}\n", False),
        ("=======\n", False),
        ("a <<<<<<< yours\n>>>>>>> x\n", False),
        ("<<<<<<< yours\n  >>>>>>> x\n", False),
        ("<<<<<<<<\n>>>>>>>>\n", False),
        ("", False),
    ],
)
def test_a_file_is_unmerged_while_both_outer_marks_begin_a_line(text, is_marked):
    assert has_markers(text.encode()) is is_marked


@pytest.mark.parametrize(
    ("published", "on_disk", "is_same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\r\nb\r\n", True),
        ("a\r\nb\r\n", "a\nb\n", True),
        ("a\r\nb\r\n", "a\r\nb\r\n", True),
        ("a\r\nb\n", "a\r\nb\n", True),
        ("a\nb\n", "a\r\nb\n", True),
        ("a\nb\n", "a\nb", False),
        ("a\nb\n", "a\nc\n", False),
        ("a\n\nb\n", "a\nb\n", False),
    ],
)
def test_a_file_is_as_published_whatever_git_made_of_its_line_ends(
    published, on_disk, is_same
):
    assert matches(on_disk.encode(), sha256(published.encode())) is is_same


# --- files


def merge(old, mine, new):
    """Merge functions given as path -> text."""
    texts = {sha256(text.encode()): text for text in old.values()}
    return merge_files(
        Sides(
            {path: sha256(text.encode()) for path, text in old.items()},
            texts.get,
            {path: text.encode() for path, text in mine.items()},
            new,
            LABEL,
        )
    )


@pytest.mark.parametrize(
    ("old", "mine", "new", "writes", "said"),
    [
        ({}, {}, {"a.ts": NEW}, {"a.ts": NEW}, "added"),
        ({"a.ts": OLD}, {"a.ts": OLD}, {"a.ts": NEW}, {"a.ts": NEW}, "updated"),
        ({"a.ts": OLD}, {"a.ts": "zero\n" + OLD}, {"a.ts": NEW},
         {"a.ts": "zero\n" + NEW}, "merged with your edits"),
        ({"a.ts": OLD}, {"a.ts": OLD}, {}, {"a.ts": None}, "removed"),
        ({"a.ts": OLD}, {"a.ts": OLD}, {"b.ts": OLD},
         {"a.ts": None, "b.ts": OLD}, "renamed from a.ts"),
        ({"a.ts": OLD}, {"a.ts": "mine\n"}, {"b.ts": OLD},
         {"a.ts": None, "b.ts": "mine\n"}, "renamed from a.ts"),
        ({"a.ts": OLD}, {"a.ts": OLD, "b.ts": OLD}, {"b.ts": OLD},
         {"a.ts": None, "b.ts": OLD}, "renamed from a.ts"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_was_done_to_a_file_is_said(old, mine, new, writes, said):
    done = merge(old, mine, new)

    assert done.writes == {p: t if t is None else t.encode() for p, t in writes.items()}
    assert done.actions == [(list(writes)[-1], said)]
    assert done.conflicts == []


@pytest.mark.parametrize(
    ("old", "mine", "new"),
    [
        ({"a.ts": OLD}, {"a.ts": OLD}, {"a.ts": OLD}),
        ({"a.ts": OLD}, {"a.ts": "mine\n"}, {"a.ts": OLD}),
        ({"a.ts": OLD}, {"a.ts": NEW}, {"a.ts": NEW}),
        ({"a.ts": OLD}, {"a.ts": crlf(NEW)}, {"a.ts": NEW}),
        ({"a.ts": OLD}, {}, {"a.ts": OLD}),
        ({"a.ts": OLD}, {}, {"b.ts": OLD}),
        ({"a.ts": OLD}, {}, {}),
        ({}, {"a.ts": NEW}, {"a.ts": NEW}),
        ({}, {"a.ts": crlf(NEW)}, {"a.ts": NEW}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_stays_as_it_is_is_neither_written_nor_spoken_of(old, mine, new):
    done = merge(old, mine, new)

    assert (done.writes, done.actions, done.conflicts) == ({}, [], [])


@pytest.mark.parametrize(
    ("old", "mine", "new", "conflict"),
    [
        ({"a.ts": OLD}, {"a.ts": "mine\n"}, {},
         ("a.ts", f"you edited it, {LABEL} no longer has it: yours was kept")),
        ({"a.ts": OLD}, {}, {"a.ts": NEW},
         ("a.ts", f"you deleted it, {LABEL} changed it: it stays deleted")),
        ({"a.ts": OLD}, {"a.ts": OLD, "b.ts": "mine\n"}, {"b.ts": OLD},
         ("b.ts", f"a file of yours stands where a.ts moves in {LABEL}")),
    ],
    ids=["removed", "deleted", "renamed"],
)  # fmt: skip
def test_a_conflict_over_a_whole_file_writes_nothing(old, mine, new, conflict):
    done = merge(old, mine, new)

    assert (done.writes, done.actions) == ({}, [])
    assert done.conflicts == [conflict]


@pytest.mark.parametrize(
    ("mine", "new", "said"),
    [
        ("m\nb\nc\n", "t\nb\nc\n", "1 place to merge by hand, marked in the file"),
        ("m\nb\nm\n", "t\nb\nt\n", "2 places to merge by hand, marked in the file"),
    ],
)
def test_a_conflict_in_a_file_says_in_how_many_places(mine, new, said):
    done = merge({"a.ts": "a\nb\nc\n"}, {"a.ts": mine}, {"a.ts": new})

    assert done.conflicts == [("a.ts", said)]
    assert done.actions == []
    assert has_markers(done.writes["a.ts"])


def test_a_file_of_mine_where_one_is_added_is_never_overwritten():
    done = merge({}, {"a.ts": "mine\n"}, {"a.ts": "theirs\n"})

    assert done.writes == {"a.ts": marked("mine\n", "theirs\n").encode()}
    assert done.conflicts == [("a.ts", "1 place to merge by hand, marked in the file")]


def test_a_removed_file_is_not_renamed_onto_an_equal_one_that_stays():
    done = merge({"a.ts": OLD, "b.ts": OLD}, {"a.ts": OLD, "b.ts": OLD}, {"b.ts": OLD})

    assert done.writes == {"a.ts": None}
    assert done.actions == [("a.ts", "removed")]


def test_of_two_equal_files_one_is_renamed_and_the_other_goes():
    done = merge({"a.ts": OLD, "b.ts": OLD}, {"a.ts": OLD, "b.ts": OLD}, {"c.ts": OLD})

    assert done.writes == {"a.ts": None, "c.ts": OLD.encode(), "b.ts": None}
    assert done.actions == [("c.ts", "renamed from a.ts"), ("b.ts", "removed")]


@pytest.mark.parametrize(
    ("old", "mine", "new", "written"),
    [
        (OLD, crlf(OLD), NEW, crlf(NEW)),
        (OLD, crlf(OLD), crlf(NEW), crlf(NEW)),
        (OLD, crlf(OLD), "a\r\nb\n", "a\r\nb\n"),
        (OLD, OLD, crlf(NEW), crlf(NEW)),
        (crlf(OLD), OLD, crlf(NEW), crlf(NEW)),
        (crlf(OLD), OLD, NEW, NEW),
        (crlf(OLD), crlf(OLD), crlf(NEW), crlf(NEW)),
        (crlf(OLD), crlf(OLD), NEW, NEW),
    ],
)
def test_a_file_without_edits_keeps_only_the_line_ends_that_git_gave_it(
    old, mine, new, written
):
    done = merge({"a.ts": old}, {"a.ts": mine}, {"a.ts": new})

    assert done.writes == {"a.ts": written.encode()}
    assert done.actions == [("a.ts", "updated")]
