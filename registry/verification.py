"""Check that all published content is unchanged."""

from collections.abc import Iterator

from django.db.models import Count

from registry import errors, integrity, paths, semver
from registry.models import Blob, Function, Removal, Version

BATCH_ROWS = 500


def faults() -> Iterator[str]:
    """Re-hash every blob and version. Yields a sentence per fault.

    Reads in batches of BATCH_ROWS, so it can run while the Hub is busy.
    """
    yield from _blob_faults()
    yield from _version_faults()
    yield from _function_faults()


def _blob_faults() -> Iterator[str]:
    removed = set(
        Removal.objects.exclude(confirmed_by=None).values_list("blob_id", flat=True)
    )
    for blob in Blob.objects.iterator(BATCH_ROWS):
        if blob.pk in removed and not blob.text:
            continue
        if integrity.sha256_of(blob.text) != blob.pk:
            yield f"blob {blob.pk}: its text has another hash"
        elif paths.size_of(blob.text) != blob.size:
            yield f"blob {blob.pk}: its size is not {blob.size} bytes"


def _version_faults() -> Iterator[str]:
    versions = Version.objects.select_related("function__owner").prefetch_related(
        "files__blob"
    )
    for version in versions.iterator(BATCH_ROWS):
        files = list(version.files.all())
        hashes = {file.path: file.blob_id for file in files}
        if integrity.of_files(hashes) != version.integrity:
            yield f"version {version}: its files don't add up to its integrity"
        if sum(file.blob.size for file in files) != version.size:
            yield f"version {version}: its files have other sizes"
        if not _is_in_order(version):
            yield f"version {version}: its sort key is not that of {version.number}"
        if version.manifest.get("entrypoint") not in hashes:
            yield f"version {version}: its entrypoint is not among its files"


def _is_in_order(version: Version) -> bool:
    """Whether what sorts ``version`` was made of its number."""
    try:
        number = semver.parse(version.number)
    except errors.InvalidVersion:
        return False
    return (number.precedence, number.sort_key, number.is_prerelease) == (
        version.precedence,
        version.sort_key,
        version.is_prerelease,
    )


def _function_faults() -> Iterator[str]:
    listed = Function.objects.select_related("owner", "latest").annotate(
        tag_count=Count("tag_rows")
    )
    for function in listed.iterator(BATCH_ROWS):
        latest = function.latest
        if latest and latest.function_id != function.pk:
            yield f"function {function}: its latest version is another function's"
        if function.is_listed and function.latest_number != (latest and latest.number):
            yield f"function {function}: its latest number is not its version's"
        if function.is_listed and function.tag_count != len(function.tags):
            yield f"function {function}: its tags and their rows differ"
