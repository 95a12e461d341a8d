"""A small HTTP server over named bytes, with ranges and faults."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Files:
    """What the server serves, and what it was asked."""

    contents: dict[str, bytes]
    ranges: list[str | None] = field(default_factory=list)
    cut_after: int | None = None
    """Close the connection in mid-body after so many bytes, once."""
    honour_ranges: bool = True
    announced: int | None = None
    """A length to promise instead of the true one; -1 promises none."""
    url: str = ""


@contextmanager
def serving(files: Files) -> Iterator[Files]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.contents.get(self.path.lstrip("/"))
            wanted = self.headers.get("Range")
            files.ranges.append(wanted)
            if body is None:
                self.send_error(404)
                return
            start = 0
            if wanted and files.honour_ranges:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
            self.send_response(206 if start else 200)
            length = len(body) - start if files.announced is None else files.announced
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            part = body[start:]
            if files.cut_after is not None:
                part, files.cut_after = part[: files.cut_after], None
                self.close_connection = True
            self.wfile.write(part)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    files.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
