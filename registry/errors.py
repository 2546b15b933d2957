"""All refusals of the registry.

A class has a stable ``code`` for clients, the HTTP ``status`` and a ``fix`` for people.
An instance adds a message and, where there is one, the field. Codes are public API:
add, never rename. Documented in docs/errors.md.
"""

from collections.abc import Iterable

from core.http.limits import Usage

SHOWN_CHARACTERS = 80


class RegistryError(Exception):
    code: str
    status = 400
    fix = ""

    def __init__(self, message: str, *, field: str = "", faults=(), **extra):
        """message: one sentence. field: the offending key, such as ``tags[3]``.
        faults: every RegistryError found, when there is more than one.
        extra: further JSON-able facts for this fault's entry in ``details``."""
        super().__init__(message)
        self.message = message
        self.field = field
        self.faults = list(faults)
        self.extra = extra

    def as_fault(self) -> dict:
        """One entry of ``details``."""
        fault = {"code": self.code, "message": self.message}
        if self.field:
            fault["field"] = self.field
        return fault | self.extra


class ValidationError(RegistryError):
    code = "VALIDATION_ERROR"
    fix = "Correct the field and send it again."


class InvalidJson(RegistryError):
    code = "INVALID_JSON"
    fix = "Send one JSON object, encoded as UTF-8."


class InvalidCategory(RegistryError):
    code = "INVALID_CATEGORY"
    fix = "Check spelling and use lowercase"


class MissingEntrypoint(RegistryError):
    code = "MISSING_ENTRYPOINT"
    fix = "Verify the path is relative to the function directory"


class EmptyCode(RegistryError):
    code = "EMPTY_CODE"
    fix = "Add at least one exported function"


class InvalidVersion(RegistryError):
    code = "INVALID_VERSION"
    fix = "Use a SemVer 2.0.0 version such as 1.2.3 or 2.0.0-beta.1."


class InvalidName(RegistryError):
    code = "INVALID_NAME"
    fix = "Use 2 to 58 letters, digits and hyphens."


class ReservedName(RegistryError):
    code = "RESERVED_NAME"
    fix = "Choose another name."


class InvalidPath(RegistryError):
    code = "INVALID_PATH"
    fix = (
        "Use a relative path of letters, digits and . _ @ + - with forward slashes, "
        "such as src/core.ts."
    )


class InvalidLicense(RegistryError):
    code = "INVALID_LICENSE"
    fix = "Use an SPDX identifier such as MIT or Apache-2.0."


class NotUtf8(RegistryError):
    code = "NOT_UTF8"
    fix = "Save the file as UTF-8 text and send it again."


class SecretFound(RegistryError):
    code = "SECRET_FOUND"
    fix = "Remove it, rotate it, or waive it with a reason"


class Unauthorized(RegistryError):
    code = "UNAUTHORIZED"
    status = 401
    fix = "Run `aerostack login` again"

    def __init__(self):
        # The same message for every cause, so that nothing is revealed about keys.
        super().__init__("The API key is missing or not valid.")


class WrongCredentials(RegistryError):
    code = "UNAUTHORIZED"
    status = 401
    fix = "Check e-mail and password, or use an account key."

    def __init__(self):
        super().__init__("The e-mail address or the password is not right.")


class Forbidden(RegistryError):
    code = "FORBIDDEN"
    status = 403
    fix = "Use an account key (`ac_...`)"


class OwnDecision(Forbidden):
    """A moderator may not decide on their own account, functions or cases."""

    fix = "Ask another moderator."


class NotFound(RegistryError):
    code = "NOT_FOUND"
    status = 404
    fix = "Check the address; drafts are visible to their owner only."


class NoSuchVersion(NotFound):
    """The function is there and has no version of that number."""


class Quarantined(NotFound):
    """Staff took it down; says when and why."""

    def __init__(self, what: str, quarantine):
        """what: its name. quarantine: a FunctionQuarantine or VersionQuarantine."""
        super().__init__(
            f"{what} was quarantined on {quarantine.at:%d %B %Y}: {quarantine.reason}"
        )


class MethodNotAllowed(RegistryError):
    code = "METHOD_NOT_ALLOWED"
    status = 405
    fix = "Use one of the methods in the Allow header."


class QuotaExceeded(RegistryError):
    code = "QUOTA_EXCEEDED"
    status = 403
    fix = "Delete what you no longer need, or ask the Hub's staff for more."

    @classmethod
    def of(cls, exceeded) -> "QuotaExceeded":
        """As a refusal. exceeded: an accounts.quotas.Exceeded."""
        error = cls(
            str(exceeded),
            quota=exceeded.quota.name,
            used=exceeded.used,
            limit=exceeded.limit,
        )
        error.fix = exceeded.quota.fix
        return error


class DuplicateSlug(RegistryError):
    code = "DUPLICATE_SLUG"
    status = 409
    fix = "Rename your function"


class VersionConflict(RegistryError):
    code = "VERSION_CONFLICT"
    status = 409
    fix = "Bump `version` in aerostack.json"


class Conflict(RegistryError):
    code = "CONFLICT"
    status = 409
    fix = "Reload"


class EditConflict(RegistryError):
    code = "EDIT_CONFLICT"
    status = 412
    fix = "Reload and merge"


class PayloadTooLarge(RegistryError):
    code = "PAYLOAD_TOO_LARGE"
    status = 413
    fix = "Send less: see the limits in the manifest reference."


class UnsupportedMediaType(RegistryError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    fix = "Send the body as application/json, without a Content-Encoding."


class RateLimited(RegistryError):
    code = "RATE_LIMITED"
    status = 429
    fix = "Wait for the seconds in the Retry-After header, then try again."

    def __init__(self, message: str, *, usage: Usage):
        """usage: that is over its limit."""
        super().__init__(message, seconds=usage.resets_in)
        self.usage = usage
        self.fix = f"Wait {usage.wait}, then try again."


class Internal(RegistryError):
    code = "INTERNAL"
    status = 500
    fix = "Try again later; if it goes on, report the request id."


class ReadOnly(RegistryError):
    code = "READ_ONLY"
    status = 503
    fix = "Try again later; reading goes on."


class Unavailable(RegistryError):
    code = "UNAVAILABLE"
    status = 503
    fix = "Try again in a moment."


def refuse(faults: Iterable[RegistryError]) -> None:
    """Raise one error that carries all ``faults``; do nothing when there are none.

    The error's code and message are those of the first fault that is not a plain
    ValidationError, else of the first fault.
    """
    faults = list(faults)
    if not faults:
        return
    first = next((f for f in faults if not isinstance(f, ValidationError)), faults[0])
    error = type(first)(first.message, field=first.field, faults=faults, **first.extra)
    raise error


def refuse_over(usage: Usage | None, sentence: str) -> None:
    """Raise RateLimited, with ``sentence``, when ``usage`` is over its limit."""
    if usage and usage.is_over:
        raise RateLimited(sentence, usage=usage)


def shown(value: object) -> str:
    """``value`` for a message: quoted, escaped, cut at SHOWN_CHARACTERS."""
    text = value if isinstance(value, str) else repr(value)
    cut = text[: SHOWN_CHARACTERS - 1] + "…" if len(text) > SHOWN_CHARACTERS else text
    return "'" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut) + "'"
