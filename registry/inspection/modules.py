"""Import specifiers -> packages and files."""

import posixpath
import re

SUFFIXES = ("", ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".json")
SWAPPED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",)}
PACKAGE = re.compile(r"(?:@[\w.~-]+/)?[\w.~-]+")
PLATFORM = ("node:", "cloudflare:", "bun:", "workerd:")
INLINE = ("npm:", "jsr:", "https:", "http:", "data:")  # need no npmDependencies
ALIASES = ("@/", "~/", "#", "$")

# Node's own modules, which need no package (nodejs.org/api, also without "node:").
NODE_MODULES = set(
    "assert async_hooks buffer child_process cluster console constants crypto dgram"
    " diagnostics_channel dns domain events fs http http2 https inspector module net os"
    " path perf_hooks process punycode querystring readline repl stream string_decoder"
    " sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib"
    " bun".split()
)
FRAMEWORKS = set(
    "hono express itty-router fastify koa elysia h3 polka restify next @sveltejs/kit"
    " @remix-run/node @trpc/server worktop sunder".split()
)
FRAMEWORK_SCOPES = ("@hono/", "@cloudflare/", "@fastify/", "@koa/", "@nestjs/")


def package_of(specifier: str) -> str:
    """The npm package an import needs; empty where it needs none.

    ``hono/cors`` -> ``hono``, ``@a/b/c`` -> ``@a/b``; Node's and the platform's own
    modules, files, aliases and inline specifiers (``npm:x``) need none.
    """
    if is_local(specifier) or specifier.startswith((*PLATFORM, *INLINE)):
        return ""
    match = PACKAGE.match(specifier)
    name = match[0] if match else ""
    return "" if name.split("/")[0] in NODE_MODULES else name


def is_local(specifier: str) -> bool:
    """Whether ``specifier`` is a path or a path alias (``@/lib/db``)."""
    return specifier.startswith((".", "/", *ALIASES))


def is_framework(specifier: str) -> bool:
    """Whether the import ties its file to HTTP or to one platform."""
    package = package_of(specifier)
    return (
        package in FRAMEWORKS
        or package.startswith(FRAMEWORK_SCOPES)
        or specifier.startswith("cloudflare:")
    )


def dependency_name(entry: str) -> str:
    """``hono@^4`` -> ``hono``, ``@a/b@1`` -> ``@a/b``."""
    return entry[:1] + entry[1:].split("@")[0]


def resolve(path: str, specifier: str, files) -> str | None:
    """The file in ``files`` that the file ``path`` imports as ``specifier``, or
    None."""
    if not specifier.startswith("."):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
    target = "" if target == "." else target
    stem, suffix = posixpath.splitext(target)
    candidates = [target + s for s in SUFFIXES]
    candidates += [stem + s for s in SWAPPED.get(suffix, ())]
    candidates += [posixpath.join(target, "index" + s) for s in SUFFIXES[1:]]
    return next((c for c in candidates if c in files), None)
