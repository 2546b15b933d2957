"""Static inspection: what a function's code uses, compared with its manifest.

Reports are shown with file and line by the editor, the API, the CLI and the Hub
(docs/inspection.md). Findings advise; only severity ``error`` means that every consumer
would break. Only syntax is read; no code is run.
"""

import time

from registry.content import sandbox
from registry.content.languages import is_script
from registry.content.sandbox import SandboxError, SandboxTimeout
from registry.inspection.checks import (
    CHECKS,
    Project,
    entrypoint_findings,
    is_contacted,
    layers_of,
    partly_read,
)
from registry.inspection.facts import Facts
from registry.inspection.rules import RULES, SEVERITIES, Place, documentation
from registry.inspection.text import has_code, text_findings

__all__ = [
    "INSPECTOR",
    "RULES",
    "documentation",
    "has_code",
    "inspect",
    "inspect_safely",
    "inspected",
    "inspected_text",
    "not_inspected",
]

INSPECTOR = 2  # raise it whenever reports change for the same files
MAX_FINDINGS = 200


def warm_up() -> None:
    """In the worker: load what ``inspect`` and ``inspect_text`` need."""
    code = "let \u202ea = '\U0001f600' + process.env.A + fetch('https://example.com');"
    files = {f"a.{suffix}": code for suffix in ("ts", "tsx", "js")}
    inspect({}, files)
    inspect_text({}, files)


def inspect(manifest: dict, files: dict[str, str]) -> dict:
    """Findings and facts of one function. Run it in the sandbox worker only.

    manifest: aerostack.json as an object; fields of a wrong type count as absent.
    files: path -> text.

    Returns ``{"findings": [...], "facts": {...}, "incomplete": ""}``, made of what JSON
    can hold: findings have severity, rule, message, why, fix, path, line, column,
    endLine, endColumn (from 1, columns in UTF-16 code units as editors count them);
    facts are described in docs/inspection.md; incomplete is a sentence where they are
    not of all the code (reports.py says what follows from that).
    """
    # The parsers' memory is needed in the worker only.
    from registry.inspection.collector import collect
    from registry.inspection.syntax import Source

    scripts = {path: text for path, text in files.items() if is_script(path)}
    facts = {path: collect(Source(path, text)) for path, text in scripts.items()}
    project = Project(manifest, files, facts)
    findings = _text_findings(manifest, files)
    for check in CHECKS:
        findings += check(project)
    return _report(project, findings, _incomplete(project, findings))


def inspect_text(manifest: dict, files: dict[str, str]) -> dict:
    """A report with the findings that need no parser. Run it in the sandbox worker.

    It is linear in what real files hold, but credentials can be made slow to find.
    """
    project = Project(manifest, files, {})
    return _report(project, _text_findings(manifest, files), "")


def inspected(manifest: dict, files: dict[str, str], **how) -> dict:
    """Run ``inspect`` in the worker. how: of ``sandbox.run``. Raises SandboxError."""
    return sandbox.run(inspect, manifest, files, **how)


def inspected_text(manifest: dict, files: dict[str, str], **how) -> dict:
    """Run ``inspect_text`` in the worker; otherwise like ``inspected``."""
    return sandbox.run(inspect_text, manifest, files, **how)


def inspect_safely(
    manifest: dict, files: dict[str, str], timeout: float = 2.0, **how
) -> dict:
    """The report of ``inspect``, made in the worker; wait ``timeout`` seconds at most.

    Where the code can't be parsed in time, ``incomplete`` says why, and there are the
    findings that need no parser. Where not even those could be made, the report has
    ``unsearched``: nobody looked for credentials. how: further options of
    ``sandbox.run``.
    """
    end = time.monotonic() + timeout
    try:
        report = inspected_text(manifest, files, timeout=timeout, **how)
    except SandboxError as error:
        return not_inspected(manifest, files, str(error)) | {"unsearched": True}
    left = end - time.monotonic()
    try:
        if left <= 0:
            raise SandboxTimeout()
        return inspected(manifest, files, timeout=left, **how)
    except SandboxError as error:
        return report | {"incomplete": str(error)}


def not_inspected(manifest: dict, files: dict[str, str], reason: str) -> dict:
    """The report on code that was not looked at. reason: a sentence for people."""
    findings = list(entrypoint_findings(manifest, files))
    return _report(Project(manifest, files, {}), findings, reason)


def _text_findings(manifest: dict, files: dict[str, str]) -> list[dict]:
    return [*entrypoint_findings(manifest, files), *text_findings(files)]


def _report(project: Project, findings: list[dict], incomplete: str) -> dict:
    return {
        "findings": _sorted(findings),
        "facts": _facts(project),
        "incomplete": incomplete,
    }


def _incomplete(project: Project, findings: list[dict]) -> str:
    paths = partly_read(project)
    if paths:
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        return f"Only a part of {paths[0]}{others} was read."
    if len(findings) > MAX_FINDINGS:
        return f"Of {len(findings)} findings, {MAX_FINDINGS} are kept."
    return ""


def _sorted(findings: list[dict]) -> list[dict]:
    """By severity, then by place; at most MAX_FINDINGS."""

    def order(one):
        rank = SEVERITIES.index(one["severity"])
        return rank, one["path"], one["line"], one["column"]

    return sorted(findings, key=order)[:MAX_FINDINGS]


def _facts(project: Project) -> dict:
    each = list(project.facts.values())
    return {
        "exports": [_fact(p, name=n) for f in each for n, p in f.exports.items()],
        "imports": [_fact(p, module=m) for f in each for m, p in f.imports],
        "env_vars": _env_vars(each),
        "hosts": _hosts(each),
        "routes": [
            _fact(p, method=method, route=route)
            for f in each
            for method, route, p in f.routes
        ],
        "tables": [_fact(p, name=n) for f in each for n, p in f.tables],
        "storage": [
            _fact(p, kind=kind, name=n) for f in each for kind, n, p in f.storage
        ],
        "layers": layers_of(project.files),
    }


def _fact(place: Place, **what) -> dict:
    return what | {"path": place.path, "line": place.line}


def _env_vars(each: list[Facts]) -> list[dict]:
    """Variables the code reads, each at its first place. Bindings count as storage."""
    bindings = {name for f in each for name in (*f.bindings, *f.untextual)}
    first = {n: p for f in reversed(each) for n, p in f.env_vars.items()}
    return [_fact(p, name=n) for n, p in sorted(first.items()) if n not in bindings]


def _hosts(each: list[Facts]) -> list[dict]:
    first = {host: p for f in reversed(each) for _, host, p in reversed(f.hosts)}
    return [_fact(p, host=h) for h, p in sorted(first.items()) if is_contacted(h)]
