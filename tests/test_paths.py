"""Which paths and files are stored: docs/manifest.md, "Files" and "Limits"."""

import pytest

from registry import errors, paths
from registry.models import Draft, Function
from tests.conftest import CODE

KIB, MIB = 1024, 1024 * 1024
# Microsoft, "Naming Files, Paths, and Namespaces"; COM0 and LPT0 as Windows has them.
DEVICES = ["con", "prn", "aux", "nul"]
DEVICES += [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]


def is_path(path: str) -> bool:
    """Whether ``path`` may be stored."""
    try:
        paths.check_path(path)
    except errors.InvalidPath:
        return False
    return True


def faults_of(files: dict) -> list[tuple[str, str]]:
    """(code, field) of each fault of ``files``."""
    return [(fault.code, fault.field) for fault in paths.check_files(files)]


# --- paths


@pytest.mark.parametrize(
    ("most", "above"),
    [
        ("a/" * 9 + "a", "a/" * 10 + "a"),  # 10 levels
        ("a" * 77 + "/" + "b" * 77, "a" * 77 + "/" + "b" * 78),  # 155 characters
        ("a" * 95, "a" * 96),  # of one part
        ("b/" + "a" * 95, "b/" + "a" * 96),
    ],
    ids=["levels", "characters", "part", "last part"],
)
def test_a_path_of_the_limit_fits_and_one_above_does_not(most, above):
    assert is_path(most)
    assert not is_path(above)


@pytest.mark.parametrize("device", DEVICES)
def test_no_part_of_a_path_is_a_device_of_windows(device):
    for name in (device, device.upper(), device.title()):
        assert not is_path(name)
        assert not is_path(f"{name}.ts")
        assert not is_path(f"src/{name}.tar.gz")
        assert not is_path(f"{name}/index.ts")
        assert not is_path(f"src/{name}.d/index.ts")


@pytest.mark.parametrize(
    "path",
    ["console.ts", "com.ts", "com10.ts", "lpt10", "nul-1.ts", "icon", "xcon.ts"]
    + ["auxiliary.ts", "prn2", "a.con", "com1a.ts"],
)
def test_what_only_resembles_a_device_is_a_path(path):
    assert is_path(path)


@pytest.mark.parametrize(
    "path",
    ["index.ts", "src/core.ts", "a.b.c", "A-b_c+d@e.ts", "@scope/x.ts", "-a", "+", "_"]
    + ["0", "node_module/x.ts", "my_node_modules/x.ts", "proto/x.ts", "a..b"],
)
def test_plain_paths_pass(path):
    assert is_path(path)


@pytest.mark.parametrize("name", ["node_modules", "__proto__"])
def test_some_folders_are_written_at_nobody(name):
    for spelling in (name, name.upper(), name.title()):
        assert not is_path(f"{spelling}/x.ts")
        assert not is_path(f"src/{spelling}/x.ts")
        assert not is_path(spelling)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        ".",
        "..",
        "./a",
        "a/../b",
        ".a",
        "a/.b",
        "a.",
        "a./b",
    ]
    + ["a b", " a", "a ", "a\\b", "a:b", "~a", "a~", "a*", "a?", "a\n", "é", "a%2eb"]
    + ["a\0", "a;b", "a'b", 'a"b', "a$b", "a|b", "a<b", "a\u0131b"],
    ids=ascii,
)
def test_other_paths_are_refused(path):
    assert not is_path(path)


def test_a_refused_path_is_quoted_and_its_field_named():
    with pytest.raises(errors.InvalidPath) as caught:
        paths.check_path("a\n", field="entrypoint")
    with pytest.raises(errors.InvalidPath) as of_files:
        paths.check_path("a\n")

    assert of_files.value.field == "files"
    assert caught.value.field == "entrypoint"
    assert caught.value.message == r"The path 'a\n' can't be stored safely."


# --- sets of files


def test_paths_that_differ_in_case_alone_are_refused():
    (fault,) = paths.check_files({"src/a.ts": "", "b.ts": "", "src/A.ts": ""})

    assert (fault.code, fault.field) == ("INVALID_PATH", "files")
    assert fault.message == "'src/A.ts' and 'src/a.ts' differ in case only."


@pytest.mark.parametrize(
    "files",
    [
        ["lib", "lib/a.ts"],
        ["lib/a.ts", "lib"],
        ["LIB", "lib/a.ts"],
        ["lib", "lib/deep/er/a.ts"],
        ["lib/deep", "lib/deep/er/a.ts"],
    ],
)
def test_no_file_is_a_folder_too(files):
    (fault,) = paths.check_files(dict.fromkeys(files, CODE))

    assert (fault.code, fault.field) == ("INVALID_PATH", "files")
    assert fault.message.endswith("is a file and a folder at once.")
    assert repr(min(files, key=len)) in fault.message


def test_each_clash_is_told_once():
    files = dict.fromkeys(["a", "a/b", "a/b/c", "x", "X"], CODE)

    messages = [fault.message for fault in paths.check_files(files)]

    assert messages == [
        "'X' and 'x' differ in case only.",
        "'a' is a file and a folder at once.",
        "'a/b' is a file and a folder at once.",
    ]


def test_the_longest_paths_clash_and_longer_ones_are_refused_as_such():
    """Looking for clashes takes long for paths of any length."""
    longest = "a" * 77 + "/" + "b" * 77

    assert faults_of({longest: CODE, longest.upper(): CODE}) == [
        ("INVALID_PATH", "files")
    ]
    longer = longest + "b"
    assert faults_of({longer: CODE, longer.upper(): CODE}) == [
        ("INVALID_PATH", f"files[{errors.shown(path)[1:-1]}]")
        for path in (longer, longer.upper())
    ]


def test_files_beside_each_other_do_not_clash():
    files = ["a.ts", "a-b.ts", "lib/a.ts", "lib/b.ts", "library", "src/lib/a.ts"]

    assert faults_of(dict.fromkeys(files, CODE)) == []


def test_each_fault_of_a_file_is_told():
    files = {"a b": 1, "ok.ts": CODE, "c.ts": "\0", "é": "x" * (512 * KIB + 1)}

    assert faults_of(files) == [
        ("INVALID_PATH", "files[a b]"),
        ("VALIDATION_ERROR", "files[a b]"),
        ("NOT_UTF8", "files[c.ts]"),
        ("INVALID_PATH", "files[é]"),
        ("PAYLOAD_TOO_LARGE", "files[é]"),
    ]


@pytest.mark.parametrize("text", [None, 1, True, ["x"], {"x": "y"}, b"x"], ids=repr)
def test_a_file_is_text(text):
    (fault,) = paths.check_files({"index.ts": CODE, "a.ts": text})

    assert (fault.code, fault.field) == ("VALIDATION_ERROR", "files[a.ts]")
    assert fault.message == "files[a.ts] is not text."


# --- limits of files, in bytes of UTF-8


def files_of(sizes: list[int], letter="x") -> dict:
    """Files of so many bytes."""
    width = len(letter.encode())
    return {
        f"f{n}.ts": letter * (size // width) + "x" * (size % width)
        for n, size in enumerate(sizes)
    }


@pytest.mark.parametrize("letter", ["x", "é", "日", "🙂"])
@pytest.mark.parametrize(
    ("sizes", "field"),
    [
        ([512 * KIB], "files[f0.ts]"),
        ([512 * KIB - 1] * 4 + [4], "files"),  # 2 MiB in all
    ],
    ids=["file", "all files"],
)
def test_sizes_are_counted_in_bytes(letter, sizes, field):
    above = [*sizes[:-1], sizes[-1] + 1]

    assert faults_of(files_of(sizes, letter)) == []
    assert faults_of(files_of(above, letter)) == [("PAYLOAD_TOO_LARGE", field)]


@pytest.mark.parametrize("letter", ["x", "é", "日", "🙂"])
def test_a_readme_is_counted_in_bytes(letter):
    most = letter * (256 * KIB // len(letter.encode()))
    most += "x" * (256 * KIB - len(most.encode()))

    assert paths.check_readme(most) == []
    (fault,) = paths.check_readme(most + "x")
    assert (fault.code, fault.field) == ("PAYLOAD_TOO_LARGE", "readme")
    assert fault.message == "The README has more than 262144 bytes."


def test_a_readme_is_text():
    assert paths.check_readme("") == []
    (fault,) = paths.check_readme("a\0b")
    assert (fault.code, fault.field) == ("NOT_UTF8", "readme")


def test_too_many_files_are_refused_before_any_is_read():
    most = {f"f{n}.ts": "" for n in range(50)}

    assert faults_of(most) == []
    assert faults_of(most | {"a b": 5}) == [("PAYLOAD_TOO_LARGE", "files")]


def test_a_refusal_names_the_file_and_the_limit():
    (total,) = paths.check_files(files_of([512 * KIB] * 4 + [1]))
    (one,) = paths.check_files({"a.ts": "x" * (512 * KIB + 1)})
    (many,) = paths.check_files({f"f{n}": "" for n in range(51)})
    (binary,) = paths.check_files({"a.ts": "a\0"})

    assert total.message == "The files have 2097153 bytes; at most 2097152 fit."
    assert one.message == "The file 'a.ts' has more than 524288 bytes."
    assert many.message == "51 files were sent; at most 50 fit."
    assert binary.message == "The file 'a.ts' is not UTF-8 text: it has NUL bytes."


def test_what_is_no_text_has_no_size():
    files = files_of([512 * KIB] * 4) | {"a.ts": 5}

    assert faults_of(files) == [("VALIDATION_ERROR", "files[a.ts]")]


# --- over the API


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("most", "above"),
    [
        (
            {"files": {f"f{n}.ts": "" for n in range(49)}},
            {"files": {f"f{n}.ts": "" for n in range(50)}},
        ),
        (
            {"files": {"a.ts": "é" * (256 * KIB)}},
            {"files": {"a.ts": "é" * (256 * KIB) + "x"}},
        ),
        ({"readme": "é" * (128 * KIB)}, {"readme": "é" * (128 * KIB) + "x"}),
        (
            {"files": files_of([512 * KIB] * 3 + [512 * KIB - len(CODE)])},
            {"files": files_of([512 * KIB] * 3 + [512 * KIB - len(CODE) + 1])},
        ),
    ],
    ids=["files", "file", "readme", "all files"],
)
def test_push_takes_the_limit_and_writes_nothing_above_it(api, most, above):
    refused = api.push(**above)

    assert (refused.status_code, refused.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert not Function.objects.exists()
    assert not Draft.objects.exists()
    assert api.push(**most).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["com0.ts", "LPT0", "src/com9.ts", "lpt1.d/x.ts"])
def test_push_refuses_the_devices_of_windows(api, path):
    said = api.push(files={path: CODE, "index.ts": CODE}).json()

    assert (said["code"], said["field"]) == ("INVALID_PATH", f"files[{path}]")
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("path", "is_source"),
    [
        ("README.md", False),
        ("readme.MD", False),
        ("aerostack.json", False),
        ("package.json", False),
        ("index.ts", True),
        ("docs/README.md", True),
        ("tsconfig.json", True),
    ],
)
def test_readme_and_package_files_are_no_source(path, is_source):
    assert paths.is_source(path) is is_source
