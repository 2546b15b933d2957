"""Every way a command can fail, and the exit status each one gives."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process answers to the shell. Public: add, never renumber."""

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
    """A failure a person can act on.

    message: one sentence, what happened and what was kept.
    code: stable name to branch on, the Hub's own where the Hub refused.
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
        """The Hub's error envelope, so that scripts read one shape."""
        answer = {"error": self.message, "code": self.code, "fix": self.fix}
        if self.details:
            answer["details"] = self.details
        return answer


class HubRefusal(CliError):
    """The Hub said no; sentence, code and fix are the Hub's.

    status: the HTTP status.
    """

    def __init__(self, message, *, status, code, fix="", details=()):
        super().__init__(message, code=code, fix=fix, details=details)
        self.status = status


class UntrustedAnswer(CliError):
    """The Hub sent something that must not be written or believed."""

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
    """The connection broke after a write was sent: it may or may not be done."""

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
