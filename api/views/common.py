"""What the endpoints share: addresses, the refusals of a kind, names."""

from registry import errors

# What command-line clients call themselves (cli/aerostack_cli/client.py).
COMMAND_LINES = ("aerostack/", "aerostack-cli/")
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
    errors.QuotaExceeded,
)


def via_of(request) -> str:
    """The door a request came by, as its Event keeps it: "cli" for a command-line
    client, known by its User-Agent, else "api"."""
    agent = request.headers.get("User-Agent", "").lower()
    return "cli" if agent.startswith(COMMAND_LINES) else "api"


def plain_name(username: str) -> str:
    """A username without the ``@`` that clients may put before it."""
    return username.removeprefix("@")
