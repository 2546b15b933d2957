"""The scope of mutation runs, and what they change (tests/mutation)."""

import tomllib

import pytest

from tests.mutation.scope import ALSO, PACKAGES, ROOT, Functions, modules, package_of

SOURCE = """\
LIMIT = 3


def first(one: int = 1) -> int:
    return one


class Kind:
    def second(self):
        def inner():
            return 4

        return inner()
"""


@pytest.mark.parametrize("pattern", [p for ps in PACKAGES.values() for p in ps])
def test_each_pattern_of_the_scope_finds_modules(pattern):
    assert list(ROOT.glob(pattern))


def test_a_path_narrows_the_scope_to_itself():
    assert modules(["registry/names.py"]) == ["registry/names.py"]
    assert {package_of(module) for module in modules(["registry/manifest/"])} == {
        "registry/manifest"
    }
    assert modules(["hub"]) == []


def test_further_files_are_there_and_are_about_modules_in_scope():
    assert set(ALSO) <= set(modules([]))
    assert all(
        (ROOT / f"tests/{name}.py").is_file() for f in ALSO.values() for name in f
    )


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (1, ("", 1)),
        (4, ("", 4)),
        (5, ("first", 0)),
        (11, ("Kind.second.inner", 0)),
        (13, ("Kind.second", 3)),
    ],
)
def test_a_line_is_named_by_its_function(line, place):
    assert Functions(SOURCE).place(line) == place


def test_declarations_are_told_from_code():
    functions = Functions(SOURCE)
    assert functions.is_declaration((4, 15))  # int of "one: int"
    assert not functions.is_declaration((4, 21))  # the 1


def test_accepted_survivors_are_of_modules_in_scope_and_say_why():
    accepted = tomllib.loads((ROOT / "tests/mutation/accepted.toml").read_text())
    assert set(accepted) <= set(modules([]))
    for changes in accepted.values():
        for reason in changes.values():
            assert reason.endswith(".")


def test_each_operator_makes_the_mutant_of_its_example():
    pytest.importorskip("cosmic_ray")  # installed by run.py mutate
    from cosmic_ray.mutating import mutate_code

    from tests.mutation.operators import OURS

    for operator in OURS.values():
        for example in operator.examples():
            before, after = example.pre_mutation_code, example.post_mutation_code
            made = mutate_code(f"{before}\n", operator(), 0)
            assert "".join(made.split()) == "".join(after.split())
