"""Asking a WSGI application as a server would, and counting how often Django is."""

from io import BytesIO

from django.core.handlers.wsgi import WSGIHandler


class Counted:
    """Django as a WSGI application that counts how often it is asked."""

    def __init__(self):
        self.application, self.asked = WSGIHandler(), 0

    def __call__(self, environ, start_response):
        self.asked += 1
        return self.application(environ, start_response)


def ask(application, path, query="", method="GET", **environ):
    """(status, headers, body) of one request."""
    said = []
    asked = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
        **environ,
    }
    answer = application(asked, lambda *given: said.append(given))
    content = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return said[-1][0], dict(said[-1][1]), content
