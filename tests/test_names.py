"""Slugs: made of names, measured, reserved, and told from those they look like."""

import pytest

from accounts.models import ReservedName
from accounts.names import is_reserved
from registry import errors, moderation, names, publishing
from registry.models import Draft, Function, NameClaim
from tests.conftest import Api, body, key_of
from tests.unchanged import rows


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("image-resizer", "image-resizer"),
        ("Image Resizer", "image-resizer"),
        ("  Image\tResizer\n", "image-resizer"),
        ("image__resizer", "image-resizer"),
        ("image _ resizer", "image-resizer"),
        ("image - _ -- resizer", "image-resizer"),
        ("--image-resizer__", "image-resizer"),
        ("image.resizer", "imageresizer"),
        ("Café_Tool v2.0!", "caf-tool-v20"),
        ("a\u00a0b", "a-b"),
        ("9 lives", "9-lives"),
        ("\u212aelvin", "kelvin"),  # KELVIN SIGN in lower case is a plain k
        ("日本", ""),
        ("!", ""),
        ("", ""),
    ],
    ids=ascii,
)
def test_a_name_gives_one_slug(name, slug):
    assert names.slugify(name) == slug


MIXED = [
    "p\u0430ypal",  # CYRILLIC SMALL LETTER A
    "PAYPA\u0406",  # CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I
    "g\u03bfogle",  # GREEK SMALL LETTER OMICRON
    "\u0585penai",  # ARMENIAN SMALL LETTER OH
    "str\u0456pe tools",
    "image \u0440\u0435\u0441\u0430\u0439\u0437\u0435\u0440",
    "tool \u65e5\u672c",  # Han
    "\u13bbome",  # CHEROKEE LETTER MI
    "a\u1d26",  # GREEK LETTER SMALL CAPITAL GAMMA
    "\u212a\u0435\u043b",  # KELVIN SIGN is a k in lower case
    "x" * 100_000 + "\u0430",
]
UNMIXED = [
    "paypal",
    "caf\xe9 tool",
    "cafe\u0301",  # a combining accent
    "stra\xdfe \xaa\xb5\u0142\u0131",
    "\uff50aypal",  # FULLWIDTH LATIN SMALL LETTER P
    "a \U0001d41a",  # MATHEMATICAL BOLD SMALL A, of the script Common
    "a \u30fc \u02bb",  # Common: a prolonged sound mark, a turned comma
    "tool \u2116 5 \U0001f600 \u2160",  # no letters
    "a1 \u0661",  # ARABIC-INDIC DIGIT ONE
]


@pytest.mark.parametrize("name", MIXED, ids=lambda name: ascii(name)[:30])
def test_ascii_letters_with_those_of_another_script_are_mixed(name):
    assert names.mixes_scripts(name)


@pytest.mark.parametrize("name", UNMIXED, ids=ascii)
def test_latin_and_common_letters_are_not_mixed(name):
    assert not names.mixes_scripts(name)


@pytest.mark.django_db
def test_another_script_by_itself_gives_no_name():
    with pytest.raises(errors.InvalidName, match="which is not 2 to 58"):
        names.check_name("\u043a\u043d\u043e\u043f\u043a\u0430")


@pytest.mark.django_db
@pytest.mark.parametrize("name", MIXED[:5], ids=ascii)
def test_a_name_of_mixed_scripts_is_refused_at_every_door(api, alice, staff, name):
    standing = api.push(name="standing").json()
    function = Function.objects.get()
    grounds = moderation.Grounds("Reads like another name.")
    before = rows()

    said = [
        api("POST", "", body(name=name)),
        api("POST", "", body(slug=name, name="fine")),
        api("POST", "", body(slug=names.slugify(name), name=name)),
        api("POST", "ci/publish", body(name=name, publish=True)),
        api("PATCH", standing["id"], {"name": name}),
    ]

    for answer in said:
        assert answer.status_code == 400
        assert answer.json()["code"] == "INVALID_NAME"
        assert "mixes ASCII letters" in answer.json()["error"]
    found = api("POST", "validate", body(name=name)).json()["diagnostics"]
    assert any("mixes ASCII letters" in each["message"] for each in found)
    for verb in (
        lambda: publishing.new_draft(name, by=alice),
        lambda: moderation.rename_function(function, name, grounds, by=staff),
        lambda: moderation.except_name(name, alice, grounds, by=staff),
    ):
        with pytest.raises(errors.InvalidName, match="mixes ASCII letters"):
            verb()
    assert rows() == before


@pytest.mark.django_db
def test_a_slug_that_was_not_made_from_the_name_leaves_it_alone(api):
    answer = api(
        "POST",
        "",
        body(slug="button-ui", name="\u041a\u043d\u043e\u043f\u043a\u0430 UI"),
    )

    assert answer.status_code == 201
    assert answer.json()["slug"] == "button-ui"


@pytest.mark.parametrize(
    "pair",
    [
        ("stripe", "str1pe"),
        ("stripe", "strlpe"),
        ("stripe", "stri-pe"),
        ("stripe", "s-t-r-i-p-e"),
        ("g00d", "good"),
        ("modern", "modem"),
        ("vvire", "wire"),
        ("clown", "down"),
        ("c1own", "down"),
        ("cornrn", "comm"),
        ("illi", "1111"),
    ],
)
def test_names_that_look_alike_have_one_form(pair):
    one, other = map(names.look_alike, pair)

    assert one == other


@pytest.mark.parametrize(
    "pair",
    [
        ("stripe", "stripes"),
        ("car-name", "cam-ame"),  # r and n of two words are not read as an m
        ("r-n", "m"),
        ("v-v", "w"),
        ("c-l", "d"),
        ("a2", "a3"),
        ("o", "q"),
        ("nr", "m"),
        ("i", "j"),
    ],
)
def test_names_that_do_not_look_alike_have_two_forms(pair):
    one, other = map(names.look_alike, pair)

    assert one != other


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "is_fine"),
    [("ab", True), ("a", False), ("a" * 58, True), ("a" * 59, False), ("é", False)]
    + [("-" * 9 + "a" * 58 + "-" * 9, True), ("a-b", True), ("!" * 90, False)],
)
def test_a_slug_has_2_to_58_characters(name, is_fine):
    if is_fine:
        assert names.check_name(name) == names.slugify(name)
        return
    with pytest.raises(errors.InvalidName) as caught:
        names.check_name(name, field="slug")
    assert caught.value.field == "slug"
    assert "which is not 2 to 58 characters long" in caught.value.message


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["x", "a" * 59])
def test_push_of_a_name_that_does_not_fit_writes_nothing(api, name):
    for changes in ({"name": name}, {"slug": name}):
        said = api.push(**changes).json()

        assert said["code"] == "INVALID_NAME"
        assert said["field"] == next(iter(changes))
    assert not Function.objects.exists()
    assert not NameClaim.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["admin", "Admin", " ADMIN ", "ad.min", "__proto__", "__PROTO__", "node_modules"]
    + ["__defineGetter__", " __lookupsetter__ "],
)
def test_a_reserved_name_is_refused_however_it_is_spelled(name):
    with pytest.raises(errors.ReservedName) as caught:
        names.check_name(name)

    assert caught.value.field == "name"
    assert caught.value.message.endswith("is reserved.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)],
)
def test_no_function_has_the_name_of_a_device(name):
    """It would be a folder in a consumer's project."""
    for spelling in (name, name.upper()):
        with pytest.raises(errors.ReservedName):
            names.check_name(spelling)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["com10", "com", "lpt", "console", "admins", "proto2"])
def test_a_name_that_only_begins_like_a_reserved_one_is_free(name):
    assert names.check_name(name) == name


@pytest.mark.django_db
def test_a_name_that_staff_hold_is_refused_in_any_case(api):
    ReservedName.objects.create(name="aws-*", reason="A trade mark.")
    ReservedName.objects.create(name="acme", reason="A trade mark.")

    for name in ("aws-s3", "AWS S3", "Acme"):
        assert api.push(name=name).json()["code"] == "RESERVED_NAME"
        assert is_reserved(name.lower().replace(" ", "-"))
    assert not Draft.objects.exists()
    assert api.push(name="acme-two").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["str1pe", "stri-pe", "STRLPE"])
def test_a_look_alike_of_anothers_name_is_refused(api, bob, push, name):
    push(name="stripe")

    said = Api(api.client, key_of(bob)).push(name=name).json()

    assert said["code"] == "DUPLICATE_SLUG"
    assert list(Function.objects.values_list("slug", flat=True)) == ["stripe"]
    assert api.push(name=name).status_code == 201
