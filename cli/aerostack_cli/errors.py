"""Errors of the command and their exit statuses."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses. Public: add, never renumber."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NETWORK = 3
    CONFLICT = 4
    INTERRUPTED = 130


EXIT_STATUS_MEANINGS = {
    ExitStatus.DONE: "done",
    ExitStatus.REFUSED: "refused, by the Hub or by a check on this machine",
    ExitStatus.USAGE: "the command was not written as its help says",
    ExitStatus.NETWORK: "the Hub could not be reached, or failed",
    ExitStatus.CONFLICT: "your own edits stand in the way, or need merging by hand",
    ExitStatus.INTERRUPTED: "stopped by Ctrl-C; nothing was changed",
}


class CliError(Exception):
    """A failure with a message and a fix for people.

    message: one sentence.
    code: a stable name for scripts; the Hub's code if the Hub refused.
    fix: what to do next.
    details: further faults, one sentence each.
    """

    exit_status = ExitStatus.REFUSED
    code = "REFUSED"
    fix = ""

    def __init__(self, message, *, code=None, fix=None, details=()):
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.fix = self.fix if fix is None else fix
        self.details = list(details)

    def as_json(self) -> dict:
        """The error as JSON, in the form of the Hub's refusals."""
        answer = {"error": self.message, "code": self.code, "fix": self.fix}
        if self.details:
            answer["details"] = self.details
        return answer


class HubRefusal(CliError):
    """The Hub refused; message, code and fix are the Hub's.

    status: the HTTP status.
    """

    def __init__(self, message, *, status, code, fix="", details=()):
        super().__init__(message, code=code, fix=fix, details=details)
        self.status = status


class UntrustedAnswer(CliError):
    """The Hub sent an answer that failed a check."""

    code = "UNTRUSTED_ANSWER"
    fix = "Nothing was written. Tell the Hub's operators; do not retry with --force."


class UsageError(CliError):
    exit_status = ExitStatus.USAGE
    code = "USAGE"


class NetworkError(CliError):
    exit_status = ExitStatus.NETWORK
    code = "NETWORK"
    fix = "Check the connection and the Hub's address, then run the command again."


class OutcomeUnknown(NetworkError):
    """The connection broke after a write was sent; it may have been done."""

    code = "OUTCOME_UNKNOWN"
    fix = "Look with `aerostack functions list` before you repeat the command."


class Conflict(CliError):
    exit_status = ExitStatus.CONFLICT
    code = "LOCAL_CHANGES"


class MissingEntrypoint(CliError):
    code = "MISSING_ENTRYPOINT"
    fix = "Verify the path is relative to the function directory"


class InvalidManifest(CliError):
    code = "INVALID_MANIFEST"
    fix = "Correct aerostack.json; `aerostack functions validate` lists every fault."
