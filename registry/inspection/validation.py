"""Validate a function without storing anything."""

from collections.abc import Iterator

from registry import errors, inspection
from registry.content.sandbox import Meter
from registry.inspection.checks import MANIFEST_PATH
from registry.inspection.reports import PARTLY_READ
from registry.inspection.rules import Place, finding
from registry.publishing import drafts, intake

NOWHERE = {"line": 1, "column": 1, "endLine": 1, "endColumn": 1}


def diagnose(body: dict, *, meter: Meter | None = None) -> list[dict]:
    """All faults and findings of ``body``, which has the form of a CI publish call.

    Returns diagnostics: ``{severity, rule, message, path, line, column, endLine,
    endColumn}``; severity is error (publishing would refuse it, or every consumer would
    break), warning or info. Faults of the manifest have the path aerostack.json. What
    the worker could not look at is a diagnostic too, never nothing.

    meter: is told what it costs the worker.
    """
    submission = intake.read(body, keeps_extras=True)
    faults: list[errors.RegistryError] = []
    try:
        drafts.check_slug(submission)
        manifest = drafts.check(submission, complete=True)
        if not manifest["description"]:
            faults.append(
                errors.ValidationError(
                    "aerostack.json has no description; publishing needs one.",
                    field="description",
                )
            )
    except errors.RegistryError as error:
        faults = error.faults or [error]
    diagnostics = [_of_fault(fault) for fault in faults]
    if not any(fault.status == errors.PayloadTooLarge.status for fault in faults):
        report = inspection.inspect_safely(
            submission.manifest, submission.files, meter=meter
        )
        found = [*report["findings"], *_not_looked_at(report)]
        diagnostics += [_of_finding(each) for each in found]
    return diagnostics


def _not_looked_at(report: dict) -> Iterator[dict]:
    reason, place = report["incomplete"], Place(MANIFEST_PATH)
    if report.get("unsearched"):
        message = f"The files were not searched for credentials. {reason}"
        yield finding("not-searched", message, place)
    if reason and not {each["rule"] for each in report["findings"]} & PARTLY_READ:
        yield finding("not-inspected", f"Not all was inspected. {reason}", place)


def _of_fault(fault: errors.RegistryError) -> dict:
    path = "aerostack.json"
    if fault.field.startswith("files[") and fault.field.endswith("]"):
        path = fault.field[len("files[") : -1]
    return {
        "severity": "error",
        "rule": fault.code,
        "message": fault.message,
        "path": path,
        **NOWHERE,
    }


def _of_finding(finding: dict) -> dict:
    keys = ("severity", "rule", "message", "path", *NOWHERE)
    return {key: finding[key] for key in keys}
