"""Names that show what code uses."""

import re

BINDINGS = {
    "D1Database": "D1",
    "KVNamespace": "KV",
    "R2Bucket": "R2",
    "DurableObjectNamespace": "Durable Object",
    "Queue": "Queue",
    "Fetcher": "service",
    "Service": "service",
    "Ai": "AI",
    "Vectorize": "Vectorize",
    "VectorizeIndex": "Vectorize",
    "Hyperdrive": "Hyperdrive",
    "AnalyticsEngineDataset": "Analytics Engine",
    "RateLimit": "rate limiter",
    "SendEmail": "e-mail",
    "ImagesBinding": "Images",
    "Workflow": "Workflow",
}
BINDING_TYPE = re.compile(rf"\b({'|'.join(BINDINGS)})\b")
TEXT_TYPE = re.compile(r"\b(?:string|number|boolean|undefined|unknown|any)\b|[\"'`]")
# Methods that strings don't have: what they are called on is a binding of this kind.
BINDING_METHODS = {
    **dict.fromkeys(("prepare", "batch", "exec", "dump", "withSession"), "D1"),
    **dict.fromkeys(("get", "put", "list", "delete", "getWithMetadata"), "KV"),
    **dict.fromkeys(("head", "createMultipartUpload"), "R2"),
    **dict.fromkeys(("idFromName", "idFromString", "newUniqueId"), "Durable Object"),
    **dict.fromkeys(("send", "sendBatch"), "Queue"),
    **dict.fromkeys(("fetch",), "service"),
    **dict.fromkeys(("run",), "AI"),
    **dict.fromkeys(("query", "upsert", "insert"), "Vectorize"),
    **dict.fromkeys(("writeDataPoint",), "Analytics Engine"),
    **dict.fromkeys(("limit",), "rate limiter"),
}
# Customary names of bindings, used when there is no type.
COMMON_BINDINGS = {"DB": "D1", "KV": "KV", "R2": "R2", "AI": "AI", "ASSETS": "service"}
BROWSER_STORAGE = {"localStorage", "sessionStorage", "indexedDB", "caches"}
STORAGE_MODULES = {
    "fs": "file system",
    "node:fs": "file system",
    "node:fs/promises": "file system",
    "fs/promises": "file system",
    "bun:sqlite": "SQLite",
    "node:sqlite": "SQLite",
}
TABLES = {"sqliteTable", "pgTable", "mysqlTable", "singlestoreTable"}
ROUTERS = {"Hono", "OpenAPIHono", "Router", "AutoRouter", "IttyRouter", "Elysia"}
ROUTER_CALLS = ROUTERS | {"express", "fastify", "Fastify"}
ROUTER_TYPE = re.compile(r":\s*(?:OpenAPI)?Hono\b")
METHODS = {"get", "post", "put", "patch", "delete", "options", "head", "all"}

URL = re.compile(
    r"\b((?i:https?|wss?))://(\[[0-9A-Fa-f:]{2,45}\]|[A-Za-z0-9.-]{1,253})"
)
JSX_SOURCE = re.compile(r"@jsxImportSource\s+([@\w./-]{1,214})")
TYPE_REFERENCE = re.compile(r"<reference\s+types=[\"']([@\w./-]{1,214})[\"']")
