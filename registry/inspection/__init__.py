"""Static inspection: what a function's code uses, compared with its manifest.

Reports are shown with file and line by the editor, the API, the CLI and the Hub
(docs/inspection.md). Findings advise; only severity ``error`` means that every consumer
would break. Only syntax is read; no code is run.
"""

from collections.abc import Callable

from registry.content import sandbox
from registry.content.languages import is_script
from registry.content.sandbox import SandboxError
from registry.inspection.checks import (
    CHECKS,
    Project,
    entrypoint_findings,
    is_contacted,
    layers_of,
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
    "inspect_later",
    "inspect_safely",
]

INSPECTOR = 1  # raise it whenever reports change for the same files
MAX_FINDINGS = 200


def warm_up() -> None:
    """In the worker: load what ``inspect`` needs."""
    inspect({}, {f"a.{suffix}": "a();" for suffix in ("ts", "tsx", "js")})


def inspect(manifest: dict, files: dict[str, str]) -> dict:
    """Findings and facts of one function. Run it in the sandbox worker only.

    manifest: aerostack.json as an object; fields of a wrong type count as absent.
    files: path -> text.

    Returns ``{"findings": [...], "facts": {...}}``, made of what JSON can hold:
    findings have severity, rule, message, why, fix, path, line, column, endLine,
    endColumn (from 1, columns in UTF-16 code units as editors count them); facts
    are described in docs/inspection.md.
    """
    # The parsers' memory is needed in the worker only.
    from registry.inspection.collector import collect
    from registry.inspection.syntax import Source

    scripts = {path: text for path, text in files.items() if is_script(path)}
    facts = {path: collect(Source(path, text)) for path, text in scripts.items()}
    project = Project(manifest, files, facts)
    findings = _text_only(manifest, files)["findings"]
    for check in CHECKS:
        findings += check(project)
    return {"findings": _sorted(findings), "facts": _facts(project)}


def inspect_safely(manifest: dict, files: dict[str, str], timeout: float = 2.0) -> dict:
    """Run ``inspect`` in the worker; wait ``timeout`` seconds at most.

    The report has one more key, ``incomplete``: empty, or a sentence saying why the
    code was not parsed. Text findings are there in either case.
    """
    try:
        report = sandbox.run(inspect, manifest, files, timeout=timeout)
    except SandboxError as error:
        return _text_only(manifest, files) | {"incomplete": str(error)}
    return report | {"incomplete": ""}


def inspect_later(
    manifest: dict,
    files: dict[str, str],
    done: Callable[[dict], None],
    timeout: float = 10.0,
) -> None:
    """Like ``inspect_safely``, in the background: ``done(report)`` is called in a
    thread.

    Raises SandboxBusy at once when too much is waiting already.
    """

    def settle(report, error):
        if error is not None:
            report = _text_only(manifest, files)
        done(report | {"incomplete": str(error) if error else ""})

    sandbox.submit(inspect, manifest, files, timeout=timeout, done=settle)


def _text_only(manifest: dict, files: dict[str, str]) -> dict:
    """The findings that need no parser. Linear time, safe in any process."""
    findings = [*entrypoint_findings(manifest, files), *text_findings(files)]
    project = Project(manifest, files, {})
    return {"findings": _sorted(findings), "facts": _facts(project)}


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
