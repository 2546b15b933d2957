"""Which names and paths may be written: limits, device names, clashes, links."""

import os

import pytest
from aerostack_cli import paths
from aerostack_cli.errors import CliError

# --- docs/manifest.md, "Files": at most 10 levels and 155 characters


def long_path(characters):
    """A path of two levels with so many characters."""
    return f"{'a' * 80}/{'b' * (characters - 81)}"


@pytest.mark.parametrize(
    ("path", "is_safe"),
    [
        (long_path(155), True),
        (long_path(156), False),
        ("/".join("abcdefghij"), True),
        ("/".join("abcdefghijk"), False),
        ("a" * 95, True),
        ("a" * 96, False),
        (f"x/{'a' * 95}/y", True),
        (f"x/{'a' * 96}/y", False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_path_may_be_as_long_and_deep_as_the_docs_say(path, is_safe):
    assert paths.is_safe_path(path) is is_safe


@pytest.mark.parametrize("path", [None, 3, ["a.ts"], {"a.ts": 1}, b"a.ts"])
def test_what_is_no_text_is_no_path(path):
    assert paths.is_safe_path(path) is False


def test_a_path_in_a_project_may_be_longer_and_deeper():
    assert paths.stays_inside("/".join(["folder"] * 40))


@pytest.mark.parametrize(
    "name",
    ["con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)],
)
def test_a_device_of_windows_names_no_file_and_no_folder(name):
    for path in (name, name.upper(), f"{name}.ts", f"{name}.tar.ts", f"a/{name}/b.ts"):
        assert not paths.is_safe_path(path), path
        assert not paths.stays_inside(path), path
    assert not paths.is_slug(name)


@pytest.mark.parametrize(
    "path",
    ["console.ts", "com.ts", "com10.ts", "lptx.ts", "nul-1.ts", "auxiliary/con_.ts"],
)
def test_a_name_that_only_begins_like_a_device_is_good(path):
    assert paths.is_safe_path(path)


@pytest.mark.parametrize(
    "segment",
    ["node_modules", "Node_Modules", "__proto__", "__PROTO__", ".a", "a.", "", "a\n"],
)
def test_no_level_of_a_path_is_harmful(segment):
    for path in (segment, f"a/{segment}", f"{segment}/a", f"a/{segment}/b"):
        assert not paths.is_safe_path(path)
        assert not paths.stays_inside(path)


@pytest.mark.parametrize("letter", "_@+-aZ0")
def test_a_name_may_begin_with_a_letter_a_digit_and_four_signs(letter):
    assert paths.is_safe_path(f"{letter}.ts")


@pytest.mark.parametrize(
    ("together", "clashing"),
    [
        (["a.ts", "b.ts"], []),
        (["a.ts", "A.ts"], ["A.ts"]),
        (["a", "a/b.ts"], ["a/b.ts"]),
        (["a/b.ts", "a"], ["a"]),
        (["A/b.ts", "a"], ["a"]),
        (["a/b/c.ts", "A"], ["A"]),
        (["x/a", "x/a/b/c.ts"], ["x/a/b/c.ts"]),
        (["a/b.ts", "a/c.ts", "ab"], []),
        (["a/b.ts", "b.ts"], []),
        (["a", "ab.ts"], []),
        (["a/b.ts", "c/d.ts", "a", "c"], ["a", "c"]),
        (["a.ts", "A.ts", "a.TS"], ["A.ts", "a.TS"]),
    ],
    ids=str,
)
def test_paths_clash_in_another_case_or_as_file_and_folder(together, clashing):
    assert paths.colliding_paths(together) == clashing


# --- names


@pytest.mark.parametrize(
    ("slug", "is_good"),
    [
        ("ab", True),
        ("a", False),
        ("a" * 58, True),
        ("a" * 59, False),
        ("a1-b2-c3", True),
        ("-ab", False),
        ("ab-", False),
        ("a--b", False),
        ("Ab", False),
        ("a_b", False),
        ("ab\n", False),
        ("con-x", True),
        (None, False),
        (["ab"], False),
    ],
)
def test_a_slug_has_2_to_58_letters_digits_and_single_hyphens(slug, is_good):
    assert paths.is_slug(slug) is is_good


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("a" * 39, True),  # docs/accounts.md: the longest that can be chosen
        ("0-b", True),
        ("-b", False),
        (".b", False),
        ("a/b", False),
        ("a\n", False),
        ("", False),
        (None, False),
        (3, False),
    ],
)
def test_a_username_is_one_harmless_segment_of_an_address(name, is_good):
    assert paths.is_username(name) is is_good


@pytest.mark.parametrize(
    ("digest", "is_good"),
    [
        ("0a" * 32, True),
        ("0a" * 31 + "0", False),
        ("0a" * 32 + "0", False),
        ("0A" * 32, False),
        ("0g" * 32, False),
        ("0a" * 32 + "\n", False),
        (None, False),
        (3, False),
    ],
)
def test_a_hash_is_64_hex_digits_in_lower_case(digest, is_good):
    assert paths.is_sha256(digest) is is_good


# --- what stands on the disk


def link_to_a_file(place, outside):
    outside.write_text("theirs")
    place.symlink_to(outside)


def link_to_a_folder(place, outside):
    outside.mkdir()
    place.symlink_to(outside)


def dangling_link(place, outside):
    place.symlink_to(outside)


def folder(place, outside):
    place.mkdir()


def file(place, outside):
    place.write_text("mine")


def pipe(place, outside):
    os.mkfifo(place)


@pytest.mark.parametrize(
    "made", [link_to_a_file, link_to_a_folder, dangling_link, folder, pipe]
)
def test_only_a_plain_file_or_nothing_may_stand_where_one_is_written(
    tmp_path, project, made
):
    made(project / "a.ts", tmp_path / "outside")

    with pytest.raises(CliError, match=r"^a\.ts is a symbolic link or not") as refused:
        paths.refuse_symlinks(project, "a.ts")

    assert refused.value.code == "UNSAFE_TARGET"
    assert "nothing was written" in refused.value.message
    assert refused.value.fix == ("Move it out of the way, then run the command again.")


@pytest.mark.parametrize(
    "made", [link_to_a_file, link_to_a_folder, dangling_link, file, pipe]
)
def test_only_a_plain_folder_or_nothing_may_stand_on_the_way(tmp_path, project, made):
    (project / "x").mkdir()
    made(project / "x/y", tmp_path / "outside")

    with pytest.raises(CliError, match=r"^x/y is a symbolic link or not"):
        paths.refuse_symlinks(project, "x/y/z/a.ts")


def test_plain_files_and_folders_are_safe_targets(project):
    (project / "x/y").mkdir(parents=True)
    (project / "x/y/a.ts").write_text("1")

    for path in ("x/y/a.ts", "x/y/b.ts", "x/new/deep/b.ts", "b.ts"):
        paths.refuse_symlinks(project, path)


def test_a_project_that_is_reached_by_a_link_is_no_unsafe_target(tmp_path, project):
    (tmp_path / "way").symlink_to(project)

    paths.refuse_symlinks(tmp_path / "way", "a.ts")


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("a.ts", True),
        ("x/y/b.ts", True),
        ("A.ts", False),
        ("X/y/b.ts", False),
        ("x/y", False),
        ("x/b.ts", False),
        ("a.ts/b.ts", False),
        ("gone/b.ts", False),
    ],
)
def test_a_source_is_a_file_spelled_exactly_so(project, name, is_there):
    (project / "x/y").mkdir(parents=True)
    (project / "a.ts").write_text("1")
    (project / "x/y/b.ts").write_text("1")

    assert paths.has_text(project, name) is is_there
