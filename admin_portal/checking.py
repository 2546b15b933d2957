"""Validate a saved draft: refusals and findings, ready to show."""

from dataclasses import dataclass, field

from registry import errors, inspection
from registry.errors import RegistryError
from registry.models import Draft
from registry.publishing.rehearsal import rehearse

TONES = {"error": "bad", "warning": "warn", "info": "accent"}


@dataclass
class Checked:
    """The result. findings: dicts with severity, tone, rule, message, fix, path, line,
    ..."""

    findings: list[dict] = field(default_factory=list)
    incomplete: str = ""  # a sentence for people if the inspection failed

    def as_context(self) -> dict:
        return vars(self) | {"checked": True}


# Inspection rules that publishing refuses anyway -> the code of that refusal.
REFUSED = {
    "credential": errors.SecretFound.code,
    "entrypoint-missing": errors.MissingEntrypoint.code,
    "entrypoint-empty": errors.EmptyCode.code,
}


def check(draft: Draft, *, timeout: float = 2.0) -> Checked:
    """What publishing would refuse, then the other findings of the inspection.

    timeout: seconds to wait for the worker.
    """
    refused = [_refusal(fault, draft) for fault in rehearse(draft).faults]
    checked = inspect(draft, timeout=timeout)
    return Checked(refused + checked.findings, checked.incomplete)


def inspect(draft: Draft, *, timeout: float = 2.0) -> Checked:
    """The findings of the inspection, without those that publishing refuses anyway."""
    report = inspection.inspect_safely(draft.manifest, draft.files, timeout=timeout)
    findings = [
        finding | {"tone": TONES[finding["severity"]]}
        for finding in report["findings"]
        if finding["rule"] not in REFUSED
    ]
    return Checked(findings, report["incomplete"])


def _refusal(fault: RegistryError, draft: Draft) -> dict:
    is_file = fault.field.startswith("files[")
    return {
        "severity": "error",
        "tone": "bad",
        "rule": fault.code,
        "message": fault.message,
        "fix": fault.fix,
        "path": fault.field[len("files[") : -1] if is_file else _path_of(fault, draft),
        "line": fault.extra.get("line") or 1,
        "is_secret": fault.code == errors.SecretFound.code,
    }


def _path_of(fault: RegistryError, draft: Draft) -> str:
    if fault.code == errors.EmptyCode.code:
        return draft.entrypoint
    return "README.md" if fault.field == "readme" else "aerostack.json"
