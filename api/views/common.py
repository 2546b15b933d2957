"""What the endpoints share: addresses, the refusals of a kind, names."""

from registry import errors

VIA = "api"
FUNCTIONS = "/community/functions"
ONE = FUNCTIONS + "/{username}/{slug}"
CHANGES = (errors.Unauthorized, errors.Forbidden, errors.NotFound)
CONTENT = (
    errors.ValidationError,
    errors.InvalidCategory,
    errors.MissingEntrypoint,
    errors.EmptyCode,
    errors.InvalidVersion,
    errors.InvalidName,
    errors.ReservedName,
    errors.InvalidPath,
    errors.InvalidLicense,
    errors.NotUtf8,
    errors.InvalidJson,
    errors.PayloadTooLarge,
    errors.UnsupportedMediaType,
    errors.DuplicateSlug,
)


def plain_name(username: str) -> str:
    """A username without the ``@`` that clients may put before it."""
    return username.removeprefix("@")
