"""What the inspection says of code, and where it keeps silent."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import inspection
from registry.content import sandbox
from registry.inspection import has_code
from registry.inspection.reports import unread

PATIENCE = 60  # seconds
EXAMPLES = Path(sandbox.BASE_DIR, "examples")
MANIFESTS = sorted(EXAMPLES.rglob("aerostack.json"))
DOCS = Path(sandbox.BASE_DIR, "docs/inspection.md")


def inspect(code="export const a = 1;\n", /, files=None, **manifest):
    """The report on one file, index.ts, or on several."""
    files = {"index.ts": code} | (files or {})
    return inspection.inspect(manifest, files)


def found(*args, **kwargs) -> list[tuple[str, str, int]]:
    return [
        (f["rule"], f["path"], f["line"]) for f in inspect(*args, **kwargs)["findings"]
    ]


def facts(*args, **kwargs) -> dict:
    return inspect(*args, **kwargs)["facts"]


# Valid code keeps silent

VALID = r"""
export type * from "./other"
export type * as names from "./other"
import defer * as other from "./other"
interface Box<in T, out U> { put(t: T): U }
type Both<in out T> = (t: T) => T
function first<const T>(list: readonly T[]) { return list[0] }
let a: import("./other").Box<string>
let a: Array<import("./other").Inner.Box<Map<string, number>>>
using file = open();
async function f() { await using file = open(); }
async function f() { for await (using file of files()) {} }
import data from "./data.json" with { type: "json" }
export { default } from "./other"
const size = { w: 1 } satisfies Record<string, number>;
class Box { accessor value = 1 }
class Box { static { Box.n = 1 } #hidden = 1; get it() { return this.#hidden } }
@decorated class Box { @inner() field!: string; @deep.one() run(@arg value: string) {} }
enum Colour { Red = "red", Blue = 1 << 2 }
declare global { interface Window { extra: string } }
abstract class Shape { abstract area(): number; constructor(readonly n: string) {} }
type Path = `/${string}/${number}`
function check(value: unknown): asserts value is string {}
function has(value: unknown): value is { id: string } { return true }
const key: unique symbol = Symbol();
type New = abstract new (...args: any[]) => object
import type { Box } from "./other"
import other, { type Box, helper as help } from "./other"
a ??= b; c ||= d; e &&= f;
const v = a?.b?.[c]?.(d) ?? 1_000n;
type Mapped = { readonly [K in keyof T as `get${Capitalize<K>}`]-?: T[K] }
function over(a: string): void; function over(a: number): void; function over(a: any) {}
let tuple: [name: string, age?: number, ...rest: boolean[]]
const tagged = sql<Row>`select ${column} from t`;
const make = create<string>;
const cut = /[/\\]](?<year>\d{4})/v.test(text)
type First<T> = T extends [infer H extends string, ...unknown[]] ? H : never
for await (const part of stream) { if (part) continue; }
type Read = Readonly<ReturnType<typeof import("./other")>>
const id = <T,>(x: T): T => x;
export default async function* walk() { yield* other() }
namespace A.B { export const c = 1 }
export abstract class Base<T = {}> implements Left, Right {}
const table = { async *rows() {}, get it() { return 1 }, [key]: 1, "quoted": 2, 3: 4 }
const choose = a ? (b) : (c) => d;
type Query = { get x(): string; set x(v: string) }
const list = <const>["a", "b"];
if (a < b && c > d) {}
label: for (const x of y) { break label }
export const answer = 42 as const satisfies number;
let definite!: string; const n = maybe!.value!;
type F = (this: Window, ...args: unknown[]) => asserts this is Window
const big = await Promise.all([1, 2].map(async (n) => n * 2));
try { risky() } catch { recover() } finally { done() }
const t = `a ${`b ${c} ${"}"}`} d`;
const re = a / b / c, s = "// not a comment";
export { helper as "string name" } from "./other"
const {a = 1, b: {c}, ...rest} = value;
export const enum Flag { A = 1 }
declare module "extra" { export const x: string }
""".strip().split("\n")


@pytest.mark.parametrize("code", VALID)
def test_valid_code_is_silent(code):
    files = {"other.ts": "export const helper = 1; export default 1", "data.json": "{}"}

    assert found(code + "\n", files=files) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("view.tsx", 'export const V = <T,>(p: T) => <div a="b">{p} text</div>;'),
        ("view.jsx", "export const V = (p) => <><b {...p}>a</b></>;"),
        ("plain.js", "module.exports = { run: () => 1 };"),
        ("plain.mjs", "export const a = #b in c; export * as x from './plain.js';"),
        ("plain.cjs", 'const { readFile } = require("node:fs/promises");'),
        ("types.d.ts", "declare const VERSION: string; export {};"),
    ],
)
def test_valid_code_in_other_files_is_silent(path, code):
    assert found(files={path: code, "plain.js": "exports.a = 1"}) == []


def test_a_whole_function_is_silent():
    files = {
        "index.ts": 'export { route } from "./adapter";\nexport * from "./core";\n',
        "adapter.ts": 'import { Hono } from "hono";\n'
        'import { cors } from "hono/cors";\n'
        'import { drizzle } from "drizzle-orm/d1";\nimport { shorten } from "./core";\n'
        'import { links } from "./schema.js";\n'
        "type Env = { Bindings: { DB: D1Database; TOKEN: string } };\n"
        'export const route = new Hono<Env>().use(cors()).post("/", async (c) => {\n'
        "  const db = drizzle(c.env.DB);\n  await db.insert(links).values({});\n"
        "  return c.json(shorten(c.env.TOKEN));\n});\n",
        "core.ts": "import { createHash } from 'crypto';\n"
        "export const shorten = (x: string) => createHash('sha256').update(x);\n",
        "schema.ts": 'import { sqliteTable, text } from "drizzle-orm/sqlite-core";\n'
        'export const links = sqliteTable("links", { id: text("id") });\n',
        "README.md": "# Links\n",
    }
    report = inspection.inspect(
        {
            "entrypoint": "index.ts",
            "routeExport": "route",
            "npmDependencies": ["hono@^4", "drizzle-orm"],
            "envVars": ["TOKEN"],
            "drizzleSchema": True,
        },
        files,
    )

    assert report["findings"] == []
    assert report["facts"]["layers"] == {
        "core": "core.ts",
        "schema": "schema.ts",
        "adapter": "adapter.ts",
        "index": "index.ts",
    }
    assert report["facts"]["routes"] == [
        {"method": "POST", "route": "/", "path": "adapter.ts", "line": 7}
    ]
    assert report["facts"]["tables"] == [
        {"name": "links", "path": "schema.ts", "line": 2}
    ]
    assert report["facts"]["storage"] == [
        {"kind": "D1", "name": "DB", "path": "adapter.ts", "line": 6}
    ]


# Findings, each at its line. Code, manifest, what is found.

FINDINGS = [
    # syntax
    ("const a = ;\n", {}, [("syntax-error", 1, "=")]),
    ("const a = 1;\nfunction f( {\n  return 1;\n}\n", {}, [("syntax-error", 2, "(")]),
    ("const a = 1;\nif (a) {\n  a();\n", {}, [("syntax-error", 2, "{")]),
    ("let x = `a ${b`;\n", {}, [("syntax-error", 1, "`")]),
    ("class A { constructor( }\n", {}, [("syntax-error", 1, "")]),
    ("export typo * from './index'\n", {}, [("syntax-error", 1, "")]),
    # entrypoint
    ("// nothing\n", {}, [("entrypoint-empty", 1, "index.ts")]),
    ("", {"entrypoint": "main.ts"}, [("entrypoint-missing", 1, "main.ts")]),
    ("", {"entrypoint": "Index.ts"}, [("entrypoint-missing", 1, "Index.ts")]),
    # the route
    (
        "export const other = 1;\n",
        {"routeExport": "route"},
        [("route-export-missing", 1, "route")],
    ),
    ("const route = 1;\n", {"routeExport": "route"}, [("route-export-missing", 1, "")]),
    (
        "export interface route {}\n",
        {"routeExport": "route"},
        [("route-export-missing", 1, "type")],
    ),
    (
        "export default 1;\n",
        {"routeExport": "route"},
        [("route-export-missing", 1, "route")],
    ),
    # imports
    (
        '\nimport z from "zod";\n',
        {},
        [("undeclared-import", 2, "zod")],
    ),
    ('import type { A } from "zod";', {}, [("undeclared-import", 1, "zod")]),
    ('export * from "zod/v4";', {}, [("undeclared-import", 1, "zod")]),
    ('export { a } from "@scope/it/sub";', {}, [("undeclared-import", 1, "@scope/it")]),
    ('const z = await import("zod");', {}, [("undeclared-import", 1, "zod")]),
    ('const z = require("zod");', {}, [("undeclared-import", 1, "zod")]),
    ('import z = require("zod");', {}, [("undeclared-import", 1, "zod")]),
    ('let a: import("zod").Type<string>;', {}, [("undeclared-import", 1, "zod")]),
    ('import "zod";\nimport "zod/mini";', {}, [("undeclared-import", 1, "zod")]),
    (
        "/** @jsxImportSource hono/jsx */\nexport {}",
        {},
        [("undeclared-import", 1, "hono")],
    ),
    ('import a from "./gone";', {}, [("missing-file", 1, "./gone")]),
    ('import a from "@/lib/gone";', {}, [("missing-file", 1, "@/lib/gone")]),
    ('export * from "../up";', {}, [("missing-file", 1, "../up")]),
    (
        'import "hono";',
        {"npmDependencies": ["hono", "zod@^3"]},
        [("unused-dependency", 1, "zod")],
    ),
    (
        "export {}",
        {"npmDependencies": ["@scope/it@1.0.0"]},
        [("unused-dependency", 1, "@scope/it")],
    ),
    # variables
    ("\nf(c.env.API_KEY);", {}, [("undeclared-env-var", 2, "API_KEY")]),
    ("f(env.API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f(process.env.API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ('f(process.env["API_KEY"]);', {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f(process.env?.API_KEY!);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f(import.meta.env.API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f((c.env as Env).API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f(env(c).API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f(env<Env>(c).API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("f(this.env.API_KEY);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    ('f(Deno.env.get("API_KEY"));', {}, [("undeclared-env-var", 1, "API_KEY")]),
    ("drizzle(process.env.DB_URL!);", {}, [("undeclared-env-var", 1, "DB_URL")]),
    ("const { API_KEY } = c.env;", {}, [("undeclared-env-var", 1, "API_KEY")]),
    (
        'const { A: a, B = "b", ...rest } = env(c);',
        {},
        [("undeclared-env-var", 1, "A"), ("undeclared-env-var", 1, "B")],
    ),
    ("const e = c.env;\nf(e.API_KEY);", {}, [("undeclared-env-var", 2, "API_KEY")]),
    ("({ API_KEY: k } = process.env);", {}, [("undeclared-env-var", 1, "API_KEY")]),
    (
        "f(c.env.A);\nf(c.env.A);\nf(c.env.B)",
        {"envVars": ["B"]},
        [("undeclared-env-var", 1, "A")],
    ),
    ("export {}", {"envVars": ["API_KEY"]}, [("unused-env-var", 1, "API_KEY")]),
    (
        "export type Env = { API_KEY: string }",
        {"envVars": ["API_KEY"]},
        [("unused-env-var", 1, "API_KEY")],
    ),
    # drizzle
    (
        "export {}",
        {"drizzleSchema": True},
        [("drizzle-schema-without-tables", 1, "schema.ts")],
    ),
    (
        '\nexport const t = sqliteTable("links", {});',
        {},
        [("tables-without-drizzle-schema", 2, "links")],
    ),
    # dynamic code
    ('\neval("1");', {}, [("dynamic-code", 2, "eval")]),
    ('(0, eval)("1");', {}, [("dynamic-code", 1, "eval")]),
    ('globalThis.eval("1");', {}, [("dynamic-code", 1, "eval")]),
    ('new Function("a", "return a");', {}, [("dynamic-code", 1, "new Function")]),
    ('Function("return this")();', {}, [("dynamic-code", 1, "Function")]),
    # text
    ('\nconst a = "x\u202ey";', {}, [("bidirectional-text", 2, "U+202E")]),
    ("const a\u200b = 1;", {}, [("invisible-character", 1, "U+200B")]),
    ("const \u3164 = 1;", {}, [("invisible-character", 1, "U+3164")]),
    ("\ufeffexport {}", {}, [("byte-order-mark", 1, "index.ts")]),
    ("a();\r\nb();\nc();", {}, [("mixed-line-ends", 1, "1 CR LF, 1 LF")]),
    ('f("http://api.acme.io/x");', {}, [("plain-http", 1, "api.acme.io")]),
    ("f(`http://api.acme.io/${x}`);", {}, [("plain-http", 1, "api.acme.io")]),
    ('f("ws://api.acme.io");', {}, [("plain-http", 1, "api.acme.io")]),
    (
        'const k = "AKIA' + 'QX7RTZ2MLK9PWV4D";',
        {},
        [("credential", 1, "AKIA…4D")],
    ),
]


@pytest.mark.parametrize(("code", "manifest", "expected"), FINDINGS)
def test_inspection_finds(code, manifest, expected):
    report = inspect(code, **manifest)
    seen = [
        (f["rule"], f["line"], f)
        for f in report["findings"]
        if f["rule"] not in ("entrypoint-empty", "entrypoint-missing") or len(code) < 20
    ]

    assert [(rule, line) for rule, line, _ in seen] == [e[:2] for e in expected]
    for (_, _, finding), (rule, _, name) in zip(seen, expected, strict=True):
        assert name in finding["message"]
        assert finding["severity"] == inspection.RULES[rule].severity
        assert finding["why"] == inspection.RULES[rule].why
        assert finding["fix"] == inspection.RULES[rule].fix


@pytest.mark.parametrize(
    ("code", "manifest"),
    [
        ('import "hono/cors";', {"npmDependencies": ["hono"]}),
        ('import "@scope/it/sub";', {"npmDependencies": ["@scope/it@^1"]}),
        ('import "node:fs"; import "fs/promises"; import "cloudflare:workers";', {}),
        ('import "npm:hono@4"; import "jsr:@std/assert"; import "bun:sqlite";', {}),
        ('import "zod";', {"npmDependencies": ["zod", "@types/node"]}),
        ("f(c.env.KEY)", {"envVars": ["KEY"]}),
        ("f(process.env.NODE_ENV)", {}),
        ("export const f = (o: O) => o.KEY", {"envVars": ["KEY"]}),
        ('const name = "KEY"; f(process.env[name])', {"envVars": ["KEY"]}),
        ("type E = { STORE: KVNamespace }; f(c.env.STORE)", {}),
        ("type E = { IT: RateLimiter | undefined }; c.env.IT.limit({})", {}),
        ("await c.env.STORE.put('a', 'b')", {}),
        ("const { STORE } = c.env; await STORE.get('a')", {}),
        ("const kv = env.STORE; await kv.get('a')", {}),
        (
            'import { drizzle } from "drizzle-orm/d1"; f(drizzle(c.env.DATABASE))',
            {"npmDependencies": ["drizzle-orm"]},
        ),
        ('import { Buffer } from "buffer/";', {"npmDependencies": ["buffer"]}),
        ("f(c.env.DB)", {}),
        ("env.toString()", {}),
        ("export const route = 1;", {"routeExport": "route"}),
        ("const a = 1; export { a as route };", {"routeExport": "route"}),
        ("export const { route, x: y } = make();", {"routeExport": "route"}),
        ("export function route() {}", {"routeExport": "route"}),
        ("exports.route = 1;", {"routeExport": "route"}),
        ("module.exports = { route };", {"routeExport": "route"}),
        (
            'export * from "some-package";',
            {"routeExport": "route", "npmDependencies": ["some-package"]},
        ),
        ('f("http://localhost:8787", "http://127.0.0.1", "http://www.w3.org/x")', {}),
        ("// see http://api.acme.io\n/* eval('x') */ export {}", {}),
        ("const evaluate = retrieval.eval; obj.Function()", {}),
        ("export const t = '⚠️ 👨‍👩‍👧'", {}),
        ("a();\r\nb();\r\n", {}),
    ],
)
def test_inspection_keeps_silent(code, manifest):
    assert found(code, **manifest) == []


@pytest.mark.parametrize(
    ("index", "adapter", "ok"),
    [
        ('export { route } from "./adapter";', "export const route = 1;", True),
        ('export * from "./adapter";', "export const route = 1;", True),
        ('export * from "./adapter.js";', "export const route = 1;", True),
        ('export { x as route } from "./adapter";', "export const x = 1;", True),
        ('import { x } from "./adapter"; f(x)', "export const route = 1;", True),
        ('export { route } from "./adapter";', "export const other = 1;", False),
        ('export * from "./adapter";', "export default 1;", False),
        ('export type { route } from "./adapter";', "export type route = 1;", False),
        ('export * from "./adapter";', 'export * from "./index";', False),
    ],
)
def test_route_export_is_followed_through_reexports(index, adapter, ok):
    rules = [
        r for r, _, _ in found(index, {"adapter.ts": adapter}, routeExport="route")
    ]

    assert ("route-export-missing" in rules) is not ok


def test_route_export_in_a_broken_file_is_only_a_warning():
    report = inspect("export const = {\n", routeExport="route")

    assert {f["severity"] for f in report["findings"]} == {"warning"}


@pytest.mark.parametrize(
    "module", ["hono", "express", "itty-router", "@cloudflare/x", "cloudflare:workers"]
)
def test_core_keeps_free_of_frameworks(module):
    core = f'export const a = 1;\nimport {{ x }} from "{module}";\n'
    packages = [] if ":" in module else [module]

    assert found("export {}", {"core.ts": core}, npmDependencies=packages) == [
        ("core-imports-framework", "core.ts", 2)
    ]
    assert found(core, npmDependencies=packages) == []


def test_manifest_findings_point_into_the_manifest():
    text = '{\n  "npmDependencies": ["zod"],\n  "envVars": ["KEY"]\n}\n'

    assert found(
        "export {}",
        {"aerostack.json": text},
        npmDependencies=["zod"],
        envVars=["KEY"],
    ) == [
        ("unused-dependency", "aerostack.json", 2),
        ("unused-env-var", "aerostack.json", 3),
    ]


def test_columns_are_utf16_units_from_one():
    code = 'const s = "🦊ü", t = c.env.KEY, u = eval("1");\n'
    places = [
        (f["rule"], f["column"], f["endColumn"]) for f in inspect(code)["findings"]
    ]
    units = code.encode("utf-16-le")

    def column(part):
        return units.index(part.encode("utf-16-le")) // 2 + 1

    assert places == [
        ("undeclared-env-var", column("c.env"), column(", u")),
        ("dynamic-code", column("eval"), column('("1")')),
    ]


def test_facts_name_what_the_code_touches():
    seen = facts(
        'import a from "pkg/sub";\n'
        "type B = { FILES: R2Bucket };\n"
        'export const app = new Hono(); app.get("/x", h); app.all("/y", h);\n'
        'fetch("https://API.stripe.com/v1"); f("wss://push.acme.io");\n'
        "localStorage.getItem(k); await caches.default.match(r);\n"
        'const users = pgTable("users", {}); f(c.env.KEY, process.env.KEY);\n'
        'map.get("/no", 1); f("https://localhost/");\n'
    )

    assert seen == {
        "exports": [{"name": "app", "path": "index.ts", "line": 3}],
        "imports": [{"module": "pkg/sub", "path": "index.ts", "line": 1}],
        "env_vars": [{"name": "KEY", "path": "index.ts", "line": 6}],
        "hosts": [
            {"host": "api.stripe.com", "path": "index.ts", "line": 4},
            {"host": "push.acme.io", "path": "index.ts", "line": 4},
        ],
        "routes": [
            {"method": "GET", "route": "/x", "path": "index.ts", "line": 3},
            {"method": "ALL", "route": "/y", "path": "index.ts", "line": 3},
        ],
        "tables": [{"name": "users", "path": "index.ts", "line": 6}],
        "storage": [
            {"kind": "R2", "name": "FILES", "path": "index.ts", "line": 2},
            {"kind": "browser", "name": "localStorage", "path": "index.ts", "line": 5},
            {"kind": "cache", "name": "caches", "path": "index.ts", "line": 5},
        ],
        "layers": {"core": None, "schema": None, "adapter": None, "index": "index.ts"},
    }


@pytest.mark.parametrize(
    "code",
    [
        "app.get('/a', h)",
        "app.use(x).get('/a', h).post('/b', h)",
        "app.basePath('/v1').get('/a', h)",
    ],
)
@pytest.mark.parametrize(
    "start",
    ["const app = new Hono();", "const app = express();", "function f(app: Hono) {}"],
)
def test_routes_are_found_on_routers(start, code):
    assert facts(f"{start}\n{code}")["routes"][-1]["route"] == "/a"


@pytest.mark.parametrize(
    "manifest",
    [
        {"entrypoint": 1, "routeExport": [], "npmDependencies": "zod", "envVars": {}},
        {"npmDependencies": [1, None, "", "@"], "envVars": [[]], "drizzleSchema": "no"},
        {"language": None},
    ],
)
def test_a_manifest_of_wrong_types_is_no_fault_of_the_code(manifest):
    rules = {rule for rule, _, _ in found(**manifest)}

    assert rules <= {"unused-dependency"}


PIECES = (
    "export import from default type const { } ( ) [ ] < > => = . ?. , ; : * / ` ${ ' "
    '" // /* */ env c.env process.env class function new eval Hono require async a \n'
    " \u202e é 🦊 \ud800 #! @ &&= ... in out"
).split(" ")


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join))
def test_any_text_is_inspected(code):
    files = {f"index.{suffix}": code for suffix in ("ts", "tsx", "js", "md")}
    report = inspection.inspect({"routeExport": "route"}, files)

    assert json.loads(json.dumps(report)) == report
    for finding in report["findings"]:
        assert finding["line"] >= 1
        assert finding["column"] >= 1
        assert (finding["endLine"], finding["endColumn"]) >= (
            finding["line"],
            finding["column"],
        )


# has_code


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\r\n\u2028\ufeff",
        "// a\n// b",
        "/* a */ /* b",
        "/* a * / b */\n//",
        ";;\n;",
        "#!/usr/bin/env node\n// x\n",
        "\ufeff#!/usr/bin/env node",
        "//\rexport",
    ][:-1],
)
def test_has_code_is_false_for_nothing_but_comments(text):
    assert has_code(text, "typescript") is False


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "/* a */ b",
        "// a\nb",
        "//\rexport {}",
        "//\u2028export {}",
        '"/* a string */"',
        "`// template`",
        "/regex/",
        "/[/*]/.test(x)",
        "export {}",
        "@decorated",
        "/**/1",
        "#!/usr/bin/env node\na",
    ],
)
def test_has_code_is_true_for_anything_else(text):
    assert has_code(text, "javascript") is True


def test_has_code_of_other_languages_knows_no_comments():
    assert has_code("// a", "text") is True
    assert has_code(" \n\ufeff", "json") is False


def test_has_code_is_linear():
    for text in ("/*" + "* " * 250_000, "//\n" * 170_000, "/**/" * 125_000, "; " * 9):
        assert has_code(text, "typescript") is False
        assert has_code(text + "*/\nx", "typescript") is True


# Through the worker

HOSTILE = {
    "32,000 dots": "." * 32_000,
    "member chain": "a" + ".a" * 100_000,
    "env chain": "c.env" + ".env" * 50_000,
    "call chain": "new Hono()" + '.get("/x", h)' * 15_000,
    "200,000 round": "(" * 200_000,
    "200,000 square": "[" * 200_000,
    "200,000 curly": "{" * 200_000,
    "templates": "`${" * 60_000,
    "generics": "a<" * 60_000,
    "strings": "'" * 200_000,
    "nested bindings": "const " + "{a:" * 30_000 + "b" + "}" * 30_000 + " = c.env;",
    "assertions": "(" * 20_000 + "c.env" + " as any)" * 20_000 + ".X;",
    "conditions": "a?" * 60_000,
    "arrows": "x=>" * 60_000,
    "imports": 'import a from "b";\n' * 20_000,
    "exports": "export * from './index';\n" * 15_000,
    "names": "export {" + ",".join(f"a{n}" for n in range(50_000)) + "};",
    "variables": "".join(f"f(c.env.A{n});" for n in range(20_000)),
    "hosts": "f('" + "http://a.bc " * 20_000 + "')",
    "tags": "<a>" * 60_000,
    "gaps": "export type * from 'a';" * 10_000 + "(",
    "gap spaces": "export type" + " " * 200_000,
    "variance": "<in " * 50_000,
    "invisible": "\u202e" * 100_000,
    "half a megabyte of line ends": "\n" * 500_000,
    "surrogates": "'\ud800'" * 1_000,
}


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_inspection_comes_back_from_hostile_code(code):
    report = inspection.inspect_safely(
        {"entrypoint": "index.ts", "routeExport": "route"},
        {"index.ts": code},
        timeout=2.0,
    )

    assert {"findings", "facts", "incomplete"} <= set(report)
    assert len(report["findings"]) <= 200
    assert not report["incomplete"] or report["incomplete"].endswith(".")
    assert sandbox.run(abs, -1, timeout=PATIENCE) == 1


def test_inspect_safely_gives_the_whole_report():
    files = {"index.ts": "f(c.env.KEY);"}

    assert inspection.inspect_safely({}, files, timeout=PATIENCE) == {
        **json.loads(json.dumps(inspection.inspect({}, files))),
        "incomplete": "",
    }


def test_inspect_safely_still_says_what_needs_no_parser(monkeypatch):
    inspection.inspect_safely({}, {}, timeout=PATIENCE)  # the worker runs
    files = {"index.ts": "// \u202e\n", "slow.ts": "a:" * 250_000}
    report = inspection.inspect_safely({}, files, timeout=1.0)

    assert report["incomplete"] == "This text took too long to process."
    assert "unsearched" not in report
    assert [f["rule"] for f in report["findings"]] == [
        "entrypoint-empty",
        "bidirectional-text",
    ]
    assert report["facts"]["layers"]["index"] == "index.ts"


# The documentation and the demo functions


def test_documentation_has_the_table_of_rules():
    assert inspection.documentation() in DOCS.read_text()


@pytest.mark.parametrize(
    "manifest", MANIFESTS, ids=lambda path: str(path.parent.relative_to(EXAMPLES))
)
def test_demo_function_is_clean(manifest):
    folder = manifest.parent
    files = {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "versions" not in path.relative_to(folder).parts
    }
    report = inspection.inspect(json.loads(manifest.read_text()), files)

    assert [
        (f["rule"], f["path"], f["line"], f["message"])
        for f in report["findings"]
        if f["severity"] != "info"
    ] == []


# What was not read whole is unknown, never "none"


def words(count):
    return "".join(f"f(a{n});\n" for n in range(count))


NOT_READ = {
    "broken": {"index.ts": "const a = (;\nimport './x"},
    "more nodes than are visited": {"index.ts": "[" + "0," * 310_000 + "0]"},
    "hosts padded with local ones": {
        "index.ts": "".join(f"f('http://localhost/{n}');\n" for n in range(501))
        + "f('https://api.example.net');"
    },
    "imports padded": {"index.ts": "import './index';\n" * 501 + "import 'axios';"},
    "variables padded": {"index.ts": "".join(f"c.env.A{n};" for n in range(501))},
    "exports padded": {
        "index.ts": "".join(f"export const a{n}=1;" for n in range(501))
    },
    "a long specifier": {"index.ts": f"import '{'a' * 201}';"},
    "an escaped specifier": {"index.ts": r"import 'ax\u0069os';"},
    "an escaped specifier, exported": {"index.ts": r"export * from 'ax\u0069os';"},
    "an escaped specifier, required": {"index.ts": r"require('ax\x69os');"},
    "an escaped name": {"index.ts": r"f\u0065tch(x);"},
    "an escaped property": {"index.ts": r"globalThis.f\u{65}tch(x);"},
    "escaped letters in a text": {"index.ts": r"globalThis['f\145tch'](x);"},
    "an entrypoint in another language": {"main.vue": "<script>fetch('/x')</script>"},
    "an import in another language": {
        "index.ts": "import App from './App.svelte';",
        "App.svelte": "<script>fetch('/x')</script>",
    },
    "more findings than are kept": {
        f"{n}.ts": "\u202e" * 50 + "const a = 1;" for n in range(5)
    },
}


@pytest.mark.parametrize("files", NOT_READ.values(), ids=NOT_READ)
def test_what_was_not_read_whole_is_incomplete(files):
    entrypoint = next(iter(files))

    report = inspection.inspect({"entrypoint": entrypoint}, files)

    assert report["incomplete"].endswith(".")
    assert unread(report) == report["incomplete"]


@pytest.mark.parametrize(
    "code",
    [
        words(3000),
        "const red = '\\x1b[31m', bar = '\\u2502', nl = '\\n', t = `a\\tb${nl}`;",
        "const m = await import(name); require(`./${name}`);",
        "".join(f"f('http://localhost/{n}');\n" for n in range(500)),
        "import data from './data.json';",
    ],
    ids=["long", "escapes of signs", "computed names", "500 hosts", "data"],
)
def test_usual_code_is_read_whole(code):
    report = inspection.inspect({}, {"index.ts": code, "data.json": "{}"})

    assert (report["incomplete"], unread(report)) == ("", "")


@pytest.mark.parametrize(
    "code",
    [
        r"f('https:\/\/api.example.net/x');",
        r"f(`https:\x2f\x2fapi.example.net/${id}`);",
        "f('HTTPS://api.example.net/x');",
        f"f('https://api.example.net/{'x' * 6000}');",
        "const a = await import('https://api.example.net/x.js').a.b<T>();",
    ],
    ids=["escaped", "hexadecimal", "upper case", "long", "in a gap of the grammar"],
)
def test_host_is_found_however_it_is_written(code):
    assert [host["host"] for host in facts(code)["hosts"]] == ["api.example.net"]


@pytest.mark.parametrize("code", ["const a = (;", "[" + "0," * 310_000 + "0]"])
def test_nothing_is_called_unused_where_code_was_not_read(code):
    rules = {
        rule
        for rule, *_ in found(
            code,
            {"schema.ts": code},
            npmDependencies=["hono"],
            envVars=["TOKEN"],
            drizzleSchema=True,
        )
    }

    assert not rules & {
        "unused-dependency",
        "unused-env-var",
        "drizzle-schema-without-tables",
    }


def test_report_of_an_older_inspector_speaks_for_what_it_read_alone():
    whole = {"findings": [], "facts": {}, "incomplete": ""}
    partly = whole | {"findings": [{"rule": "inspected-in-part"}]}

    assert unread(whole) == ""
    assert unread(partly)
    assert "not been looked at yet" in unread({})


def test_report_says_when_not_even_credentials_were_searched():
    slow = "sk-ant-" * 70_000
    report = inspection.inspect_safely({}, {"index.ts": slow}, timeout=0.001)

    assert report["unsearched"]
    assert report["incomplete"]
