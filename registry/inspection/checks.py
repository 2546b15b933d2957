"""Checks of the manifest against the code."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from registry.content.languages import is_data, is_script, language_of
from registry.inspection.facts import Facts
from registry.inspection.modules import (
    dependency_name,
    is_framework,
    is_local,
    package_of,
    resolve,
)
from registry.inspection.rules import WARNING, Place, finding
from registry.inspection.text import has_code, place_at

MANIFEST_PATH = "aerostack.json"
LAYERS = ("core", "schema", "adapter", "index")
GUESSES = [
    f"{folder}{stem}.{suffix}"
    for stem in ("index", "adapter", "core")
    for folder in ("", "src/")
    for suffix in ("ts", "js")
]
SET_BY_THE_PLATFORM = {"NODE_ENV", "MODE", "DEV", "PROD", "SSR"}
# Allowed with plain http: local hosts, and XML namespaces that nothing contacts.
HARMLESS_HOSTS = {"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "www.w3.org"}
RESERVED_HOSTS = (".localhost", ".test", ".invalid", ".example", ".local")


class Project:
    """The input of the checks: manifest, files, and facts per file."""

    def __init__(self, manifest: dict, files: dict[str, str], facts: dict[str, Facts]):
        self.manifest, self.files, self.facts = manifest, files, facts
        self.entrypoint = entrypoint_of(manifest, files)
        self.layers = layers_of(files)

    def names(self, field: str) -> list[str]:
        """The strings of a list in the manifest; other values are skipped."""
        values = self.manifest.get(field)
        values = values if isinstance(values, list) else []
        return [value for value in values if isinstance(value, str) and value]

    def in_manifest(self, name: str) -> Place:
        """The place of ``name`` in aerostack.json; line 1 if not found."""
        text = self.files.get(MANIFEST_PATH, "")
        start = text.find(f'"{name}"')
        if start < 0:
            return Place(MANIFEST_PATH)
        return place_at(MANIFEST_PATH, text, start, len(name) + 2)


def entrypoint_of(manifest: dict, files: dict[str, str]) -> str:
    """The manifest's entrypoint, else the first default name among the files."""
    named = manifest.get("entrypoint")
    if isinstance(named, str) and named:
        return named
    default = "index.js" if manifest.get("language") == "javascript" else "index.ts"
    return next((path for path in GUESSES if path in files), default)


def layers_of(files) -> dict[str, str | None]:
    """The file of each layer, at the root or in ``src/``."""
    layers: dict[str, str | None] = dict.fromkeys(LAYERS)
    for path in sorted(filter(is_script, files), key=lambda p: (p.count("/"), p)):
        folder, stem = str(PurePosixPath(path).parent), PurePosixPath(path).stem
        if folder in (".", "src") and stem in layers:
            layers[stem] = layers[stem] or path
    return layers


def entrypoint_findings(manifest: dict, files: dict[str, str]) -> Iterator[dict]:
    """Findings for a missing or empty entrypoint; no parser needed."""
    path = entrypoint_of(manifest, files)
    if path not in files:
        message = f"The entrypoint {path} is not among the files."
        yield finding("entrypoint-missing", message, Place(MANIFEST_PATH))
    elif not has_code(files[path], language_of(path)):
        yield finding("entrypoint-empty", f"{path} holds no code.", Place(path))


def check_syntax(project: Project) -> Iterator[dict]:
    for facts in project.facts.values():
        yield from facts.syntax


def check_route_export(project: Project) -> Iterator[dict]:
    name = project.manifest.get("routeExport")
    entry = project.facts.get(project.entrypoint)
    if not isinstance(name, str) or not name or entry is None:
        return
    starts = dict.fromkeys([project.entrypoint, project.layers["adapter"]])
    answers = [_exports(project, path, name, set()) for path in starts if path]
    if True in answers or None in answers:
        return
    message = f"{name} (routeExport) is not exported by {project.entrypoint}."
    if name in entry.type_exports:
        message = f"{name} (routeExport) is exported as a type only."
    severity = WARNING if partly_read(project) else ""
    yield finding("route-export-missing", message, Place(entry.path), severity)


def _exports(project: Project, path: str, name: str, seen: set) -> bool | None:
    """Whether the file exports ``name``. None if that depends on a package or missing
    file."""
    facts = project.facts.get(path)
    if facts is None or (path, name) in seen:
        return None if facts is None else False
    seen.add((path, name))
    if name in facts.reexports:
        module, original = facts.reexports[name]
        target = resolve(path, module, project.files)
        return _exports(project, target, original, seen) if target else None
    if name in facts.exports:
        return True
    answers = []
    for module in facts.stars if name != "default" else ():
        target = resolve(path, module, project.files)
        answers.append(_exports(project, target, name, seen) if target else None)
    if True in answers:
        return True
    return None if None in answers else False


def check_imports(project: Project) -> Iterator[dict]:
    listed = {dependency_name(entry) for entry in project.names("npmDependencies")}
    reported = set(listed)
    for facts in project.facts.values():
        for module, place in facts.imports:
            package = package_of(module)
            if package and package not in reported:
                reported.add(package)
                message = f"{package} is imported, but not in npmDependencies."
                yield finding("undeclared-import", message, place)
            if is_local(module) and not resolve(facts.path, module, project.files):
                message = f"{module} leads to no file of this function."
                yield finding("missing-file", message, place)


def check_unused_dependencies(project: Project) -> Iterator[dict]:
    if partly_read(project):  # it may be used in what was not read
        return
    modules = {m for facts in project.facts.values() for m, _ in facts.imports}
    # The first segments too: some packages are named like Node's modules (buffer).
    used = {package_of(m) for m in modules} | {m.split("/")[0] for m in modules}
    for entry in project.names("npmDependencies"):
        name = dependency_name(entry)
        if name not in used and not _types_of(name, used):
            message = f"{name} is in npmDependencies, but nothing imports it."
            yield finding("unused-dependency", message, project.in_manifest(entry))


def _types_of(name: str, used: set[str]) -> bool:
    """``@types/a__b`` has the types of ``@a/b``; ``@types/node`` is always used."""
    if not name.startswith("@types/"):
        return False
    package = name.removeprefix("@types/")
    scoped = "@" + package.replace("__", "/") if "__" in package else package
    return package == "node" or scoped in used


def check_env_vars(project: Project) -> Iterator[dict]:
    listed, facts = project.names("envVars"), project.facts.values()
    no_text = {name for f in facts for name in (*f.bindings, *f.untextual)}
    reported = {*listed, *no_text, *SET_BY_THE_PLATFORM}
    for one in facts:
        for name, place in one.env_vars.items():
            if name not in reported:
                reported.add(name)
                message = f"{name} is read, but not in envVars."
                yield finding("undeclared-env-var", message, place)
    for name in [] if partly_read(project) else listed:
        if not any(name in f.env_vars or name in f.mentions for f in facts):
            message = f"{name} is in envVars, but nothing reads it."
            yield finding("unused-env-var", message, project.in_manifest(name))


def check_drizzle(project: Project) -> Iterator[dict]:
    tables = [(n, place) for f in project.facts.values() for n, place in f.tables]
    promised = project.manifest.get("drizzleSchema") is True
    schema = project.layers["schema"]
    is_unread = schema in partly_read(project)
    if promised and not (schema and (project.facts[schema].tables or is_unread)):
        where = Place(schema) if schema else project.in_manifest("drizzleSchema")
        message = (
            f"{schema} defines no Drizzle table."
            if schema
            else "drizzleSchema is true, but there is no schema.ts."
        )
        yield finding("drizzle-schema-without-tables", message, where)
    if tables and not promised:
        name, place = tables[0]
        message = f"The table {name or '(unnamed)'} is defined without drizzleSchema."
        yield finding("tables-without-drizzle-schema", message, place)


def check_core(project: Project) -> Iterator[dict]:
    for facts in project.facts.values():
        if PurePosixPath(facts.path).stem != "core":
            continue
        for module, place in facts.imports:
            if is_framework(module):
                message = f"{facts.path} imports {module}."
                yield finding("core-imports-framework", message, place)


def check_hosts(project: Project) -> Iterator[dict]:
    for facts in project.facts.values():
        for scheme, host, place in facts.hosts:
            if scheme in ("http", "ws") and is_contacted(host):
                message = f"{host} is named with {scheme}:, without encryption."
                yield finding("plain-http", message, place)


def is_contacted(host: str) -> bool:
    """Whether ``host`` looks like a host on the internet."""
    return (
        "." in host
        and host not in HARMLESS_HOSTS
        and not host.endswith(RESERVED_HOSTS)
        and not host.startswith("schemas.")
    )


def check_dynamic_code(project: Project) -> Iterator[dict]:
    for facts in project.facts.values():
        for name, place in facts.dynamic:
            yield finding("dynamic-code", f"`{name}` runs text as code.", place)


def check_completeness(project: Project) -> Iterator[dict]:
    for facts in project.facts.values():
        if facts.in_part:
            message = f"{facts.path} was inspected only in part."
            yield finding("inspected-in-part", message, Place(facts.path))
    for path in _never_parsed(project):
        message = f"{path} is neither TypeScript nor JavaScript, so it was not parsed."
        yield finding("inspected-in-part", message, Place(path))


def partly_read(project: Project) -> list[str]:
    """The files whose facts may be too few, by path."""
    partly = [f.path for f in project.facts.values() if f.in_part or f.broken]
    return sorted([*partly, *_never_parsed(project)])


def _never_parsed(project: Project) -> list[str]:
    """Files that run, as the entrypoint or an import, and that no parser here knows."""
    run = {project.entrypoint} & project.files.keys()
    for facts in project.facts.values():
        for module, _ in facts.imports:
            run.add(resolve(facts.path, module, project.files) or "")
    return sorted(path for path in run - {""} if not (is_script(path) or is_data(path)))


CHECKS: list[Callable[[Project], Iterator[dict]]] = [
    check_syntax,
    check_route_export,
    check_imports,
    check_unused_dependencies,
    check_env_vars,
    check_drizzle,
    check_core,
    check_hosts,
    check_dynamic_code,
    check_completeness,
]
