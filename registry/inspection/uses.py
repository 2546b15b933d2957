"""What a version uses, for readers: by its manifest and by its code.

Facts of the code come with the line that shows them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from registry.inspection.modules import dependency_name, package_of
from registry.inspection.reports import unread


@dataclass(frozen=True)
class Use:
    """One thing used. path, line: where the code uses it; empty and 0 if it does
    not."""

    name: str
    note: str = ""
    path: str = ""
    line: int = 0
    is_odd: bool = False  # manifest and code disagree; ``note`` says how


@dataclass(frozen=True)
class Uses:
    """All uses, by kind. missing: why the code may use more, or ""; then an empty kind
    is not known to be empty."""

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
    """The uses by ``manifest`` (aerostack.json) and inspection ``report`` (may be
    empty)."""
    facts = report.get("facts", {})
    missing = unread(report)
    is_whole = not missing
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
        missing=missing,
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
    # No note for unseen ones: a binding is in envVars, but the code uses it as storage.
    return _compared(names, seen, "", is_whole)


def _compared(
    promised: dict[str, str], seen: dict[str, dict], unseen: str, is_whole: bool
) -> list[Use]:
    """What the manifest promises (as written -> name), then what only the code uses."""
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
    """Each fact once, at its first place."""
    first: dict[str, dict] = {}
    for fact in facts:
        first.setdefault(fact[key], fact)
    return [_use(name or "(unnamed)", fact) for name, fact in first.items()]


def _use(name: str, fact: dict, note: str = "", is_odd: bool = False) -> Use:
    return Use(name, note, fact["path"], fact["line"], is_odd)
