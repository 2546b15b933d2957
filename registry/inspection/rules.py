"""The table of all inspection rules, also printed in docs/inspection.md."""

from dataclasses import dataclass

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True)
class Rule:
    """id: kebab-case and public: add, never rename. what, why, fix: sentences."""

    id: str
    severity: str
    what: str
    why: str
    fix: str


_TABLE = [
    Rule(
        "entrypoint-missing",
        ERROR,
        "The manifest's entrypoint names no file that was sent.",
        "Nobody can import a function whose first file is not there.",
        "Correct `entrypoint` (relative to the function's folder, in the same case) or"
        " add the file.",
    ),
    Rule(
        "entrypoint-empty",
        ERROR,
        "The entrypoint holds nothing but white space and comments.",
        "There is nothing to import.",
        "Add at least one exported function.",
    ),
    Rule(
        "route-export-missing",
        ERROR,
        "`routeExport` is not exported by the entrypoint or the adapter.",
        "The line that mounts the route in a consumer's project would not compile.",
        "Export that name, re-export it from the file that has it, or correct"
        " `routeExport`.",
    ),
    Rule(
        "syntax-error",
        WARNING,
        "The parser does not understand this place.",
        "It is most likely a typing error. The parser lags behind the language, so"
        " very new syntax may be reported too.",
        "Look at the marked place; publish anyway if your compiler accepts it.",
    ),
    Rule(
        "missing-file",
        WARNING,
        "A relative import (or a path alias) leads to no file that was sent.",
        "The function only works where that file happens to exist.",
        "Send the file too, or write the path relative to the importing file.",
    ),
    Rule(
        "undeclared-import",
        WARNING,
        "A package is imported that `npmDependencies` does not list.",
        "Consumers are told what to install from `npmDependencies` alone; types count.",
        "Add the package to `npmDependencies`.",
    ),
    Rule(
        "unused-dependency",
        WARNING,
        "`npmDependencies` lists a package that no file imports.",
        "Consumers would install something the function does not need.",
        "Remove it, unless a package that you do import needs it beside itself.",
    ),
    Rule(
        "undeclared-env-var",
        WARNING,
        "The code reads a variable that `envVars` does not list.",
        "Consumers are told what to set from `envVars` alone.",
        "Add the variable to `envVars`. Bindings such as D1 or KV are recognised by"
        " their type and don't belong there.",
    ),
    Rule(
        "unused-env-var",
        WARNING,
        "`envVars` lists a variable that no file reads.",
        "Consumers would set something the function does not use.",
        "Remove it from `envVars`, or read it.",
    ),
    Rule(
        "drizzle-schema-without-tables",
        WARNING,
        "`drizzleSchema` is true, but no Drizzle table is defined in `schema.ts`.",
        "Consumers are told to run a migration for tables that do not exist.",
        "Define and export the tables in `schema.ts`, or set `drizzleSchema` to false.",
    ),
    Rule(
        "tables-without-drizzle-schema",
        WARNING,
        "Drizzle tables are defined, but `drizzleSchema` is not true.",
        "Consumers are not told that a migration is due, and queries will fail.",
        "Set `drizzleSchema` to true.",
    ),
    Rule(
        "core-imports-framework",
        WARNING,
        "`core.ts` imports a web framework or the platform.",
        "The core layer is what others reuse and test without HTTP.",
        "Move what needs the framework to `adapter.ts` or `index.ts`.",
    ),
    Rule(
        "dynamic-code",
        WARNING,
        "Text is run as code (`eval`, `new Function`).",
        "It hides what the function does, and Cloudflare Workers refuse it.",
        "Write the code out, or parse the data instead.",
    ),
    Rule(
        "credential",
        WARNING,
        "The text holds what looks like a real credential.",
        "Published files are public for good. Publishing is refused until it is gone.",
        "Remove it, revoke it where it was issued, and read it from a variable; or"
        " waive the finding with a reason.",
    ),
    Rule(
        "bidirectional-text",
        WARNING,
        "A character changes the direction of the text around it.",
        "Code can be made to read differently from how it runs (Trojan Source,"
        " CVE-2021-42574).",
        "Remove the character, or write it as an escape such as `\\u202e`.",
    ),
    Rule(
        "invisible-character",
        WARNING,
        "A character cannot be seen.",
        "Names that look alike can differ, and text can hide.",
        "Remove the character, or write it as an escape such as `\\u200b`.",
    ),
    Rule(
        "plain-http",
        WARNING,
        "A host is named with `http:`, without encryption.",
        "Anyone on the way can read and change what is sent.",
        "Use `https:`.",
    ),
    Rule(
        "mixed-line-ends",
        INFO,
        "A file has more than one kind of line end.",
        "Editors and version control will change it without being asked.",
        "Save the file with one kind, best LF.",
    ),
    Rule(
        "byte-order-mark",
        INFO,
        "A file begins with a UTF-8 byte order mark.",
        "It is part of the published bytes, and some tools trip over it.",
        "Save the file as UTF-8 without a byte order mark.",
    ),
    Rule(
        "inspected-in-part",
        INFO,
        "A part of a file was not read: it is too long or too nested, it has more than"
        " 500 facts of one kind, it hides a name behind escapes, or it runs and is"
        " neither TypeScript nor JavaScript.",
        "Facts and findings may be missing, so nothing is said of what the code does"
        " not do.",
        "Split the file, write names without escapes, or leave generated code out.",
    ),
    Rule(
        "not-inspected",
        WARNING,
        "The code was not parsed, because that took too long or failed.",
        "There are only findings that need no parser.",
        "Try again. If it stays so, split long files and leave generated code out.",
    ),
    Rule(
        "not-searched",
        ERROR,
        "The files were not searched for credentials, because that took too long or"
        " failed.",
        "Publishing may still refuse them, and published files are public for good.",
        "Try again in a moment. If it stays so, leave generated code out.",
    ),
]
RULES = {rule.id: rule for rule in _TABLE}


@dataclass(frozen=True)
class Place:
    """A range in a file; lines and columns from 1, columns in UTF-16 code units."""

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


def finding(rule_id: str, message: str, place: Place, severity: str = "") -> dict:
    """One finding as JSON. message: a sentence that names the identifier."""
    rule = RULES[rule_id]
    return {
        "severity": severity or rule.severity,
        "rule": rule.id,
        "message": message,
        "why": rule.why,
        "fix": rule.fix,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def documentation() -> str:
    """The table of docs/inspection.md."""
    head = "| rule | severity | what | why | fix |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| `{r.id}` | {r.severity} | {r.what} | {r.why} | {r.fix} |\n" for r in _TABLE
    )
