"""How functions and versions are named, and which version is the newest."""

from itertools import pairwise

import pytest
from aerostack_cli.errors import UsageError
from aerostack_cli.refs import Ref, parse_ref
from aerostack_cli.versions import is_newer, newest_live


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("tool", Ref("", "tool")),
        ("tool@1.0.0", Ref("", "tool", "1.0.0")),
        ("alice/tool", Ref("alice", "tool")),
        ("alice/tool@1.0.0-rc.1+b", Ref("alice", "tool", "1.0.0-rc.1+b")),
        ("@alice/tool", Ref("alice", "tool")),
        ("@alice/tool@2.0.0", Ref("alice", "tool", "2.0.0")),
    ],
)
def test_a_function_is_named_with_or_without_author_and_version(text, ref):
    assert parse_ref(text) == ref
    assert str(ref) == text.removeprefix("@")


@pytest.mark.parametrize(
    "text",
    ["", "@", "/tool", "alice/", "a/b/tool", "alice/Tool", "../tool", "alice/../tool",
     "al ice/tool", "@@alice/tool", "tool@", "alice/tool@", "tool@@1.0.0", "tool@x",
     "tool@1/2", "tool@1.0.0@2.0.0", "tool@" + "1" * 65, "con", "tool\n"],
)  # fmt: skip
def test_what_names_no_function_is_told_how_to_write_one(text):
    with pytest.raises(UsageError) as refused:
        parse_ref(text)

    assert refused.value.message == f"'{text}' does not name a function."
    assert refused.value.fix == ("Write username/slug, slug, or username/slug@1.2.3.")


# Every version is older than the next; source: SemVer 2.0.0, 11.
ORDER = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.0",
    "1.10.0",
    "2.0.0-0",
]


@pytest.mark.parametrize(("older", "newer"), list(pairwise(ORDER)))
def test_versions_are_compared_by_semver(older, newer):
    assert is_newer(newer, older)
    assert not is_newer(older, newer)
    assert not is_newer(older, older)


@pytest.mark.parametrize(
    ("version", "than"),
    [("1.0.0+b", "1.0.0+a"), ("x", "1.0.0"), ("1.0.0", "x"), ("", "1.0.0"), ("2", "1")],
)
def test_what_cannot_be_compared_is_not_newer(version, than):
    assert not is_newer(version, than)


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        (["2.0.0", "1.0.0"], "2.0.0"),
        (["2.0.0-rc.1", "1.0.0"], "1.0.0"),
        (["2.0.0-rc.2", "2.0.0-rc.1"], "2.0.0-rc.2"),
        (["1.0.0+a-b", "0.9.0"], "1.0.0+a-b"),
        (["1.0.0-rc.1+a", "0.9.0"], "0.9.0"),
        ([], ""),
    ],
)
def test_the_newest_is_a_release_if_there_is_one(versions, newest):
    assert newest_live([{"version": version} for version in versions]) == newest


def test_the_newest_is_not_yanked_and_has_a_number():
    assert (
        newest_live(
            [
                {"version": "3.0.0", "yanked": True},
                {"version": "", "yanked": False},
                {"yanked": False},
                {"version": "2.0.0", "yanked": False},
                {"version": "1.0.0"},
            ]
        )
        == "2.0.0"
    )
    assert newest_live([{"version": "1.0.0", "yanked": True}]) == ""
