"""``/``: the page for people, plain files that come with the package.

Nothing on it is inline and nothing comes from elsewhere, and its policy says so to the browser.
"""

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, send_from_directory

FOLDER = Path(__file__).parent / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
bp = APIBlueprint("pages", __name__, enable_openapi=False)


@bp.get("/")
def home() -> Response:
    """Return the page."""
    return _file("index.html")


@bp.get("/web/<path:name>")
def file(name: str) -> Response:
    """Return a part of the page; nothing outside its folder, and no kind that it does not have."""
    return _file(name)


def _file(name: str) -> Response:
    # The type is ours: what machines say of endings differs.
    kind = TYPES.get(Path(name).suffix, "application/octet-stream")
    response = send_from_directory(FOLDER, name, mimetype=kind)
    # Asked for again each time, and not sent again if it is the same.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    return response
