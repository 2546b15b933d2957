"""JSON of strangers: docs/api.md, "JSON"."""

import pytest

from registry import errors, strict_json


def refusal(text: str) -> str:
    with pytest.raises(errors.InvalidJson) as caught:
        strict_json.parse(text, what="The body")
    return caught.value.message


def nested(depth: int, opening="[", closing="]") -> str:
    return opening * depth + "0" + closing * depth


@pytest.mark.parametrize(
    ("most", "above", "said"),
    [
        ("9" * 20, "9" * 21, "a number is too large"),  # digits
        ("-" + "9" * 19, "-" + "9" * 20, "a number is too large"),
        ("1.7e308", "1.8e308", "a number is too large"),
        ("-1.7e308", "-1.8e308", "a number is too large"),
        (nested(31), nested(32), "nested too deeply"),  # 32 levels with the number
        (nested(31, '{"a":', "}"), nested(32, '{"a":', "}"), "nested too deeply"),
    ],
    ids=["digits", "minus", "float", "negative float", "lists", "objects"],
)
def test_the_limit_is_read_and_one_above_is_refused(most, above, said):
    strict_json.parse(most, what="The body")

    assert said in refusal(above)


def test_values_are_read_as_they_are():
    text = '{"a": [1, -2.5, 1e3, "é\\n\\ud83d\\ude00", true, false, null, {}], "b": {}}'

    assert strict_json.parse(text, what="The body") == {
        "a": [1, -2.5, 1000.0, "é\n😀", True, False, None, {}],
        "b": {},
    }


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": [NaN]}'])
def test_what_is_no_number_is_refused(text):
    assert "is no JSON number" in refusal(text)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', '[{"x": {"a": 1, "b": 2, "a": 3}}]']
)
def test_a_key_is_there_once(text):
    assert "an object has the same key twice, '" in refusal(text)


@pytest.mark.parametrize(
    "text",
    ['"\\ud800"', '["a", "\\udfff"]', '{"\\ud800": 1}', '{"a": {"b": ["\\ud800x"]}}'],
)
def test_half_a_surrogate_pair_is_refused(text):
    assert refusal(text) == "The body has half of a surrogate pair in a string."


@pytest.mark.parametrize(
    "text", ["", "{", "{} {}", "'a'", "{a: 1}", "[1,]", "\ufeff{}"]
)
def test_what_is_no_json_is_refused_with_its_name(text):
    assert refusal(text).startswith("The body is not JSON: ")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_nesting_that_python_gives_up_on_is_refused(text):
    assert refusal(text) == "The body is nested too deeply."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("most", "above"),
    [
        ("9" * 20, "9" * 21),
        (nested(30), nested(31)),
    ],
    ids=["digits", "depth"],
)
def test_a_body_is_held_to_the_limits(api, most, above):
    """``x`` is no key of ours: what is read is refused for what it lacks."""
    read = api("POST", api.base, raw=f'{{"x": {most}}}'.encode())
    refused = api("POST", api.base, raw=f'{{"x": {above}}}'.encode())

    assert read.json()["code"] == "INVALID_NAME"
    assert refused.json()["code"] == "INVALID_JSON"
    assert api("GET", "my").json()["functions"] == []
