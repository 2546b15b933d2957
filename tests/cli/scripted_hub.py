"""A Hub that says exactly what a test tells it to, over real HTTP on loopback.

For what a good Hub never does (hostile answers, lost connections) and for scripted
histories of versions. What a good Hub does is tested against the real one.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from aerostack_cli.snapshot import integrity_of, sha256

FUNCTIONS = "/api/community/functions"


def manifest(slug, version, files, *, author="alice", **extra):
    """The install manifest a good Hub sends for ``files`` (path -> text)."""
    hashes = {path: sha256(text.encode()) for path, text in files.items()}
    return {
        "id": "f1",
        "name": slug,
        "slug": slug,
        "author": author,
        "version": version,
        "description": f"What {slug} does.",
        "files": [
            {
                "path": path,
                "content": text,
                "sha256": hashes[path],
                "size": len(text.encode()),
            }
            for path, text in files.items()
        ],
        "integrity": integrity_of(hashes),
        "npmDependencies": [],
        "envVars": [],
        "drizzleSchema": False,
        "yanked": False,
        "deprecated": False,
        **extra,
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that hang up are part of the tests."""


class ScriptedHub:
    """``answers`` maps ``(method, path)`` to what to say: an object (200), a pair
    ``(status, object or bytes)``, a triple with headers, ``DROP`` to hang up, or a
    list of these, used up one per request (the last one stays)."""

    DROP = "drop the connection"

    def __init__(self):
        self.answers = {}
        self.requests = []
        self.versions = {}
        self.lost = set()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, method, path):
        """The requests seen for that method and path."""
        return [r for r in self.requests if (r["method"], r["path"]) == (method, path)]

    def publish(self, slug, version, files, **extra):
        """Make a version installable; the last one published is the newest."""
        self.versions.setdefault(slug, []).insert(
            0, manifest(slug, version, files, **extra)
        )

    def yank(self, slug, version, reason):
        for item in self.versions[slug]:
            if item["version"] == version:
                item |= {"yanked": True, "yankReason": reason, "replacement": ""}

    def answer(self, request):
        key = (request["method"], request["path"])
        if key in self.answers:
            scripted = self.answers[key]
            if isinstance(scripted, list):
                scripted = scripted.pop(0) if len(scripted) > 1 else scripted[0]
            return scripted(request) if callable(scripted) else scripted
        return self._published(request) or (404, {"error": "No such thing."})

    def _published(self, request):
        parts = request["path"].removeprefix(FUNCTIONS).strip("/").split("/")
        if request["path"].startswith("/api/community/files/"):
            return self._file(parts[-1])
        slug = parts[1] if len(parts) > 1 else ""
        if slug not in self.versions:
            return None
        if parts[-1] == "versions":
            hidden = ("files", "npmDependencies", "envVars")
            return {
                "versions": [
                    {key: value for key, value in item.items() if key not in hidden}
                    for item in self.versions[slug]
                ]
            }
        wanted = request["query"].get("version")
        for item in self.versions[slug]:
            if item["version"] == wanted or (not wanted and not item["yanked"]):
                return item
        return None

    def _file(self, digest):
        if digest in self.lost:
            return None
        where, content = [], None
        for slug, items in self.versions.items():
            for item in items:
                for file in item["files"]:
                    if file["sha256"] == digest:
                        content = file["content"]
                        where.append(
                            {
                                "author": item["author"],
                                "slug": slug,
                                "version": item["version"],
                                "path": file["path"],
                            }
                        )
        return {"content": content, "versions": where} if where else None

    def _handler(hub):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def respond(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                url = urlsplit(self.path)
                request = {
                    "method": self.command,
                    "path": url.path,
                    "query": {k: v[0] for k, v in parse_qs(url.query).items()},
                    "headers": dict(self.headers),
                    "body": json.loads(body) if body else None,
                }
                hub.requests.append(request)
                self.send(hub.answer(request))

            def send(self, answer):
                if answer is hub.DROP:
                    self.close_connection = True
                    return
                status, content, headers = 200, answer, {}
                if isinstance(answer, tuple):
                    status, content, headers = (*answer, {})[:3]
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                    headers = {"Content-Type": "application/json", **headers}
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                try:
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = do_DELETE = do_PATCH = respond

            def log_message(self, *args):
                pass

        return Handler
