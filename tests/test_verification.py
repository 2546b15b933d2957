"""``manage.py verify_registry``: what is whole passes, and each damage is named."""

import hashlib
import subprocess
from base64 import b64encode
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from registry import integrity, moderation, publishing
from registry.models import Blob, Function, Removal
from registry.moderation import Grounds
from tests.conftest import CODE, make_account, without_triggers

GROUNDS = Grounds("It sends keys away.", "malware")
HASHES = {"src/b.ts": "b" * 64, "a.ts": "a" * 64, "B.ts": "0" * 64}


def damage(sql):
    """Change rows as a broken disk would, past the triggers."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(sql)


def verified() -> list[str]:
    """The faults that the command names."""
    said = StringIO()
    with suppress(CommandError):
        call_command("verify_registry", stdout=StringIO(), stderr=said)
    return said.getvalue().splitlines()


@pytest.fixture
def version(publish):
    return publish()


def test_registry_is_whole_after_all_that_may_happen_to_it(
    publish, push, staff, bob, alice
):
    publish(version="2.0.0-beta.1", tags=["image", "edge"], readme=None)
    stable = publish(version="1.0.0+build.5", code="export const café = '☕';\n")
    publishing.yank(stable, reason="Broken.", by=alice, via="admin")
    publish(name="down-thing")
    moderation.quarantine_function(
        Function.objects.get(slug="down-thing"), GROUNDS, by=staff
    )
    gone = publish(name="gone-thing", code="export const key = 1;\n")
    blob = gone.files.get().blob
    removal = moderation.request_removal(gone.function, blob, GROUNDS, by=staff)
    second = make_account("mod2", is_staff=True)
    moderation.confirm_removal(gone.function, removal, GROUNDS, by=second)
    push(by=bob, name="never-published")
    moved = publish(name="old-name").function
    moderation.rename_function(moved, "new-name", GROUNDS, by=staff)
    moderation.force_transfer(moved, bob, GROUNDS, by=staff)
    moderation.replace_tag("image", "picture", GROUNDS, by=staff)
    moderation.categories.retag()

    assert verified() == []


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE registry_version SET size = size + 1", "its files have other sizes"),
        (
            "UPDATE registry_version SET integrity = 'sha256-x'",
            "its files don't add up to its integrity",
        ),
        (
            "UPDATE registry_version SET sort_key = sort_key || '0'",
            "its sort key is not that of 1.0.0",
        ),
        (
            "UPDATE registry_version SET precedence = '1.0.1'",
            "its sort key is not that of 1.0.0",
        ),
        (
            "UPDATE registry_version SET is_prerelease = NOT is_prerelease",
            "its sort key is not that of 1.0.0",
        ),
        (
            'UPDATE registry_version SET manifest = \'{"entrypoint": "other.ts"}\'',
            "its entrypoint is not among its files",
        ),
        (
            "UPDATE registry_version SET manifest = '{}'",
            "its entrypoint is not among its files",
        ),
    ],
)
def test_damaged_version_is_named_with_what_is_wrong(version, sql, named):
    damage(sql)

    assert verified() == [f"version alice/image-resizer@1.0.0: {named}"]


@pytest.mark.parametrize(
    ("sql", "last"),
    [
        ("UPDATE registry_versionfile SET path = 'a.ts'", []),
        ("DELETE FROM registry_versionfile", ["its files have other sizes"]),
    ],
)
def test_lost_or_renamed_file_is_named_by_its_version(version, sql, last):
    damage(sql)

    assert {fault.partition(": ")[2] for fault in verified()} == {
        "its files don't add up to its integrity",
        "its entrypoint is not among its files",
        *last,
    }


def test_version_whose_number_can_not_be_read_is_named(version):
    damage("UPDATE registry_version SET number = 'x.0.0'")

    assert verified() == [
        "version alice/image-resizer@x.0.0: its sort key is not that of x.0.0",
        "function alice/image-resizer: its latest number is not its version's",
    ]


def test_damage_of_one_version_is_its_own(publish, version):
    publish(version="1.1.0")
    damage("UPDATE registry_version SET size = 1 WHERE number = '1.1.0'")

    (fault,) = verified()

    assert "@1.1.0: its files have other sizes" in fault


def test_damaged_text_is_named_by_its_hash(version):
    blob = version.files.get().blob
    damage(f"UPDATE registry_blob SET text = 'x' WHERE sha256 = '{blob.pk}'")

    assert verified() == [f"blob {blob.pk}: its text has another hash"]


def test_size_of_a_text_is_its_bytes(publish):
    blob = publish(code="export const café = '☕';\n").files.get().blob
    size = len("export const café = '☕';\n".encode())
    assert (blob.size, verified()) == (size, [])
    damage(f"UPDATE registry_blob SET size = size + 1 WHERE sha256 = '{blob.pk}'")

    assert verified() == [
        f"blob {blob.pk}: its size is not {size + 1} bytes",
        "version alice/image-resizer@1.0.0: its files have other sizes",
    ]


@pytest.mark.parametrize(
    ("confirmed", "text", "is_whole"),
    [(True, "", True), (True, "x", False), (False, "", False), (None, "", False)],
)
def test_text_is_missing_only_once_its_removal_is_confirmed(
    version, staff, bob, confirmed, text, is_whole
):
    blob = version.files.get().blob
    if confirmed is not None:
        Removal.objects.create(
            blob=blob,
            reason="A key.",
            requested_by=staff,
            confirmed_by=bob if confirmed else None,
            confirmed_at=timezone.now() if confirmed else None,
        )
    damage(f"UPDATE registry_blob SET text = '{text}' WHERE sha256 = '{blob.pk}'")

    faults = [] if is_whole else [f"blob {blob.pk}: its text has another hash"]
    assert verified() == faults


def test_removed_text_excuses_no_other_one(publish, version, staff, bob):
    other = publish(name="other-thing", code="export const b = 2;\n").files.get().blob
    Removal.objects.create(
        blob=version.files.get().blob,
        reason="A key.",
        requested_by=staff,
        confirmed_by=bob,
        confirmed_at=timezone.now(),
    )
    damage(f"UPDATE registry_blob SET text = '' WHERE sha256 = '{other.pk}'")

    assert verified() == [f"blob {other.pk}: its text has another hash"]


def test_listing_that_is_not_its_latest_versions_is_named(publish, version):
    other = publish(name="other-thing")
    ours = Function.objects.filter(pk=version.function_id)
    ours.update(latest=other)
    assert verified() == [
        "function alice/image-resizer: its latest version is another function's"
    ]
    ours.update(latest=version, latest_number="1.0.1")
    assert verified() == [
        "function alice/image-resizer: its latest number is not its version's"
    ]
    ours.update(latest=None, latest_number="1.0.0")
    assert verified() == [
        "function alice/image-resizer: its latest number is not its version's"
    ]


def test_tags_without_their_rows_are_named(publish):
    function = publish(tags=["edge", "image"]).function
    function.tag_rows.filter(tag="edge").delete()

    assert verified() == [
        "function alice/image-resizer: its tags and their rows differ"
    ]


def test_several_faults_are_all_named_and_counted(version):
    damage("UPDATE registry_version SET size = 1, integrity = 'x'")
    said = StringIO()

    with pytest.raises(CommandError, match="2 faults") as caught:
        call_command("verify_registry", stdout=StringIO(), stderr=said)

    assert caught.value.returncode == 1
    assert len(said.getvalue().splitlines()) == 2


def test_command_says_what_it_looked_at(publish):
    publish()
    publish(version="1.1.0")
    said = StringIO()

    call_command("verify_registry", stdout=said)

    count = Blob.objects.count()
    assert said.getvalue().strip() == f"2 versions and {count} blobs are whole."


# --- hashes


def test_integrity_is_the_hash_of_what_sha256sum_says():
    lines = f"{'0' * 64}  B.ts\n{'a' * 64}  a.ts\n{'b' * 64}  src/b.ts\n"
    expected = b64encode(hashlib.sha256(lines.encode()).digest()).decode()

    assert integrity.of_files(HASHES) == f"sha256-{expected}"
    assert integrity.of_files(dict(reversed(HASHES.items()))) == f"sha256-{expected}"


def test_documented_command_computes_a_versions_integrity(publish, tmp_path, settings):
    version = publish(files={"index.ts": CODE, "src/a.ts": "é\n", "B.ts": "b\n"})
    for file in version.files.select_related("blob"):
        path = tmp_path / file.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(file.blob.text.encode())
    page = (settings.BASE_DIR / "docs/manifest.md").read_text()
    command = page.partition("## Integrity")[2].split("```")[1].removeprefix("sh\n")

    ran = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert version.integrity == f"sha256-{ran.stdout.strip()}"
