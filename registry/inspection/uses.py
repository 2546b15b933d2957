"""What a version uses, for readers: promised by its manifest, seen in its code.

The facts are computed (registry/inspection); each carries the line that shows it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from registry.inspection.modules import dependency_name, package_of


@dataclass(frozen=True)
class Use:
    """One thing used. ``path`` and ``line`` say where the code shows it, if it does."""

    name: str
    note: str = ""
    path: str = ""
    line: int = 0
    is_odd: bool = False  # promised and seen disagree; ``note`` says how


@dataclass(frozen=True)
class Uses:
    """Everything, by kind. ``missing`` says why facts of the code are not there."""

    packages: list[Use] = field(default_factory=list)
    variables: list[Use] = field(default_factory=list)
    storage: list[Use] = field(default_factory=list)
    tables: list[Use] = field(default_factory=list)
    hosts: list[Use] = field(default_factory=list)
    routes: list[Use] = field(default_factory=list)
    exports: list[Use] = field(default_factory=list)
    findings: list[dict] = field(default_factory=list)
    missing: str = ""


def uses_of(manifest: dict, report: dict) -> Uses:
    """manifest: aerostack.json. report: of the inspection; empty if there is none."""
    facts = report.get("facts", {})
    is_whole = bool(report) and not report.get("incomplete")
    return Uses(
        packages=_packages(manifest, facts.get("imports", []), is_whole),
        variables=_variables(manifest, facts.get("env_vars", []), is_whole),
        storage=_storage(facts.get("storage", [])),
        tables=_seen(facts.get("tables", [])),
        hosts=_seen(facts.get("hosts", []), key="host"),
        routes=[
            Use(
                f"{fact['method']} {fact['route']}",
                path=fact["path"],
                line=fact["line"],
            )
            for fact in facts.get("routes", [])
        ],
        exports=_seen(facts.get("exports", [])),
        findings=report.get("findings", []),
        missing=_missing(report, is_whole),
    )


def _missing(report: dict, is_whole: bool) -> str:
    if is_whole:
        return ""
    return report.get("incomplete") or (
        "The code has not been looked at yet; reload in a moment."
    )


def _packages(manifest: dict, imports: list[dict], is_whole: bool) -> list[Use]:
    seen = {}
    for fact in imports:
        if package := package_of(fact["module"]):
            seen.setdefault(package, fact)
    promised = manifest.get("npmDependencies") or []
    names = {entry: dependency_name(entry) for entry in promised}
    return _compared(names, seen, "nothing imports it", is_whole)


def _variables(manifest: dict, read: list[dict], is_whole: bool) -> list[Use]:
    seen = {fact["name"]: fact for fact in read}
    names = {name: name for name in manifest.get("envVars") or []}
    # A binding is promised as a variable and used as storage: that is no fault.
    return _compared(names, seen, "", is_whole)


def _compared(
    promised: dict[str, str], seen: dict[str, dict], unseen: str, is_whole: bool
) -> list[Use]:
    """What is promised (as written -> name), then what is only seen."""
    uses = [
        _use(written, seen[name])
        if name in seen
        else Use(written, unseen if is_whole else "", is_odd=is_whole and bool(unseen))
        for written, name in promised.items()
    ]
    extra = seen.keys() - set(promised.values())
    return uses + [
        _use(name, seen[name], "not in aerostack.json", is_odd=True)
        for name in sorted(extra)
    ]


def _storage(facts: list[dict]) -> list[Use]:
    first = {(fact["kind"], fact["name"]): fact for fact in reversed(facts)}
    return [_use(name, fact, kind) for (kind, name), fact in sorted(first.items())]


def _seen(facts: Iterable[dict], key: str = "name") -> list[Use]:
    """Each once, at its first place."""
    first: dict[str, dict] = {}
    for fact in facts:
        first.setdefault(fact[key], fact)
    return [_use(name or "(unnamed)", fact) for name, fact in first.items()]


def _use(name: str, fact: dict, note: str = "", is_odd: bool = False) -> Use:
    return Use(name, note, fact["path"], fact["line"], is_odd)
