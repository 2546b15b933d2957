"""The [[services]] blocks of aerostack.toml: what is changed, what is left alone."""

import tomllib

import pytest
from aerostack_cli import services
from aerostack_cli.errors import CliError

A = '[[services]]\nname = "a"\nmain = "services/a/index.ts"\n'
B = '[[services]]\nname = "b"\nmain = "services/b/index.ts"\n'


def pairs(text):
    found = tomllib.loads(text).get("services", [])
    return [(service.get("name"), service.get("main")) for service in found]


# --- adding


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("", A),
        ("x = 1\n", f"x = 1\n\n{A}"),
        ("x = 1", f"x = 1\n\n{A}"),
        ("# mine\n\n", f"# mine\n\n\n{A}"),
        (B, f"{B}\n{A}"),
        ("x = 1\r\n", f"x = 1\n\n{A}".replace("\n", "\r\n")),
        ("x = 1\r\ny = 2", f"x = 1\ny = 2\n\n{A}".replace("\n", "\r\n")),
    ],
)
def test_a_block_is_added_at_the_end_after_an_empty_line(text, added):
    assert services.add_service(text, "a", "services/a/index.ts") == added


@pytest.mark.parametrize(
    "text",
    [A, A.replace("index", "other"), '[[services]]\nname = "a"\n',
     'services = [{name = "a"}]\n'],
)  # fmt: skip
def test_a_name_that_has_a_block_keeps_it(text):
    assert services.add_service(text, "a", "services/a/index.ts") == text


@pytest.mark.parametrize(
    "text",
    ['services = [{name = "b", main = "x"}]', 'x = 1\nservices = [{name = "b", '
     'main = "x"}] # mine\n[other]\ny = 2\n'],
)  # fmt: skip
def test_a_service_is_added_inline_where_they_are_written_so(text):
    added = services.add_service(text, "a", "y")

    assert pairs(added) == [("b", "x"), ("a", "y")]
    assert {**tomllib.loads(added), "services": 0} == {
        **tomllib.loads(text),
        "services": 0,
    }
    assert added.count("# mine") == text.count("# mine")


# --- moving


def test_only_the_main_that_named_the_old_file_moves():
    moved = services.move_main(A + B, "b", "services/b/index.ts", "services/b/x.ts")

    assert moved == A + B.replace("index", "x")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a", "services/b/index.ts", "x"),
        ("b", "services/a/index.ts", "x"),
        ("c", "services/a/index.ts", "x"),
        ("a", "services/a/index.ts", "services/a/index.ts"),
    ],
)
def test_a_block_that_names_another_file_stays(name, old, new):
    assert services.move_main(A + B, name, old, new) == A + B


@pytest.mark.parametrize(
    "text",
    [
        '[[services]]\nmain = "x"  # x\nname = "a"\n',
        "[[services]]\nname = 'a'\n  main='x'\n",
        '# main = "x"\n[[ services ]] # x\nname = "a"\n# main = "x"\nmain = "x"\n',
        '[[services]]\nname = "a"\ndomain = "x"\nmain = "x"\n\n[main]\nmain = "x"\n',
        '[[services]]\nname = "a"\nmain = "x"\n[services.env]\nmain = "x"\n',
    ],
)
def test_main_moves_and_nothing_that_looks_like_it(text):
    moved = services.move_main(text, "a", "x", "services/a/y.ts")

    expected = tomllib.loads(text)
    expected["services"][0]["main"] = "services/a/y.ts"
    assert tomllib.loads(moved) == expected
    assert len(moved.splitlines()) == len(text.splitlines())


B_THEN_A = "".join(f'[[services]]\nname = "{name}"\nmain = "x"\n' for name in "ba")


@pytest.mark.parametrize(
    "text",
    [
        'services = [{name = "b", main = "x"}, {name = "a", main = "x"}]\n',
        B_THEN_A.replace("main", '"main"'),
        B_THEN_A.replace("services", '"services"'),
    ],
)
def test_main_moves_however_it_is_written(text):
    moved = services.move_main(text, "a", "x", "y")

    assert pairs(moved) == [("b", "x"), ("a", "y")]


# --- removing


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        (A, ""),
        (A + B, B),
        (f"{B}\n{A}", B),
        (f"{A}\n{B}", f"\n{B}"),
        (f"# top\n\n{A}\n# end\n", "# top\n\n# end\n"),
        (f"{A}# end\n", "# end\n"),
        (f"{A}\n\n# about x\n[x]\n", "\n\n# about x\n[x]\n"),
        (A.removesuffix("\n"), ""),
        (f"{A}# on a\nroutes = [1]\n{B}", B),
        (f"{B}\n{A}".replace("\n", "\r\n"), B.replace("\n", "\r\n")),
    ],
)
def test_a_block_goes_and_all_around_it_stays(text, removed):
    assert services.remove_service(text, "a") == removed


@pytest.mark.parametrize(
    "text",
    [
        'services = [{name = "a", main = "x"}, {name = "b", main = "y"}]\n',
        '[["services"]]\nname = "a"\n[["services"]]\nname = "b"\nmain = "y"\n',
        '[[services]]\nname = "a"\n[services.env]\nK = 1\n'
        '[[services]]\nname = "b"\nmain = "y"\n',
        '[[services]]\nname = "a"\ntext = """\n[[services]]\n"""\n'
        '[[services]]\nname = "b"\nmain = "y"\n',
    ],
)
def test_a_block_goes_however_it_is_written(text):
    removed = services.remove_service(text, "a")

    assert pairs(removed) == [("b", "y")]
    assert list(tomllib.loads(removed)) == ["services"]


def test_the_last_inline_service_leaves_no_other_key_changed():
    text = 'x = 1\nservices = [{name = "a", main = "y"}]\nz = 2\n'

    removed = tomllib.loads(services.remove_service(text, "a"))

    assert removed.pop("services", []) == []
    assert removed == {"x": 1, "z": 2}


def test_a_name_without_a_block_changes_nothing():
    assert services.remove_service(A, "b") == A
    assert services.remove_service("", "b") == ""


# --- what is no list of services


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "aerostack.toml is not TOML ("),
        ("services = 3", "'services' in aerostack.toml is not a list of tables"),
        ("services = [3]", "'services' in aerostack.toml is not a list of tables"),
        ("[services]\na = 1", "'services' in aerostack.toml is not a list of tables"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_by_every_change(text, said):
    for change in (
        lambda: services.add_service(text, "a", "x"),
        lambda: services.move_main(text, "a", "x", "y"),
        lambda: services.remove_service(text, "a"),
        lambda: services.service_names(text),
    ):
        with pytest.raises(CliError) as refused:
            change()
        assert refused.value.code == "INVALID_PROJECT"
        assert said in refused.value.message
        assert refused.value.message.endswith("nothing was changed.")
