"""A server that gives prepared answers, one after the other."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Reply:
    """An answer; the connection is closed after it, or before its end if ``cut`` is set."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Promise one byte more than is sent."""


def record(value: BaseModel | dict[str, Any], status: int = 200) -> Reply:
    """Answer with a record of the API's own, or with JSON."""
    own = value.model_dump_json() if isinstance(value, BaseModel) else None
    return Reply(status, (own or json.dumps(value)).encode())


def problem(status: int, code: str, **headers: str) -> Reply:
    """Answer with a problem document; names of headers have underscores here."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": "told so"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body).encode(), named)


def stream(text: str) -> Reply:
    """Answer with a stream of events that ends."""
    return Reply(200, text.encode(), {"Content-Type": "text/event-stream"})


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ScriptedApi:
    """What is answered; the last answer stays."""

    replies: list[Reply]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def scripted(*replies: Reply) -> Iterator[ScriptedApi]:
    api = ScriptedApi([*replies])

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            api.asked.append(Asked(self.command, self.path, headers, body))
            reply = api.replies[min(len(api.asked), len(api.replies)) - 1]
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body) + reply.cut))
            self.end_headers()
            self.wfile.write(reply.body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
