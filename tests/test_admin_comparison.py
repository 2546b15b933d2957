"""What changed between two drafts or versions."""

from registry.content import comparison
from registry.content.comparison import MAX_SHOWN_LINES, compare, compare_texts


def lines_of(file) -> list[str]:
    return [kind + text for h in file["hunks"] for kind, _, _, text in h["lines"]]


def test_compare_shows_changed_lines_with_their_numbers():
    (file,) = compare_texts({"a.ts": "1\n2\n3\n"}, {"a.ts": "1\nzwei\n3\n"})

    assert file["status"] == "changed"
    assert (file["added"], file["removed"]) == (1, 1)
    assert file["hunks"][0]["head"] == "@@ -1,3 +1,3 @@"
    assert file["hunks"][0]["lines"] == [
        [" ", 1, 1, "1"],
        ["-", 2, None, "2"],
        ["+", None, 2, "zwei"],
        [" ", 3, 3, "3"],
    ]


def test_compare_tells_added_removed_and_renamed_files_apart():
    old = {"gone.ts": "a\n", "old-name.ts": "same\n", "kept.ts": "k\n"}
    new = {"new.ts": "b\n", "new-name.ts": "same\n", "kept.ts": "k\n"}

    files = compare_texts(old, new)

    assert [(f["path"], f["was"], f["status"]) for f in files] == [
        ("gone.ts", "gone.ts", "removed"),
        ("new-name.ts", "old-name.ts", "renamed"),
        ("new.ts", "new.ts", "added"),
    ]


def test_compare_makes_deceiving_characters_visible():
    (file,) = compare_texts({"a.ts": ""}, {"a.ts": "if (x\u202e) {}\n"})

    assert lines_of(file) == ["+if (x⟨U+202E⟩) {}"]


def test_compare_cuts_what_no_page_can_hold():
    many = "\n".join(str(number) for number in range(MAX_SHOWN_LINES * 2))

    (file,) = compare_texts({}, {"a.ts": many})

    assert file["cut"]
    assert len(lines_of(file)) == MAX_SHOWN_LINES
    assert file["added"] == MAX_SHOWN_LINES * 2


def test_compare_of_equal_texts_is_empty():
    assert not compare({"a.ts": "x"}, {"a.ts": "x"})


def test_compare_names_the_files_when_their_lines_take_too_long():
    old = {"a.ts": "\n".join(str(n % 97) for n in range(60_000))}
    new = {"a.ts": "\n".join(str(n % 89) for n in range(60_000))}

    found = compare(old, new, timeout=0.01)

    assert [(f["path"], f["status"], f["hunks"]) for f in found.files] == [
        ("a.ts", "changed", [])
    ]
    assert "too long" in found.reason
    assert comparison.compare({"a": "1"}, {"a": "2"}).reason == ""
