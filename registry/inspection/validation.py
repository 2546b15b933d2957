"""Validate a function without storing anything."""

from registry import errors, inspection
from registry.publishing import drafts, intake

NOWHERE = {"line": 1, "column": 1, "endLine": 1, "endColumn": 1}


def diagnose(body: dict) -> list[dict]:
    """All faults and findings of ``body``, which has the form of a CI publish call.

    Returns diagnostics: ``{severity, rule, message, path, line, column, endLine,
    endColumn}``; severity is error (publishing would refuse it, or every consumer would
    break), warning or info. Faults of the manifest have the path aerostack.json.
    """
    submission = intake.read(body, keeps_extras=True)
    faults: list[errors.RegistryError] = []
    try:
        drafts.check_slug(submission)
        manifest = drafts.check(submission)
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
        report = inspection.inspect_safely(submission.manifest, submission.files)
        diagnostics += [_of_finding(finding) for finding in report["findings"]]
    return diagnostics


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
