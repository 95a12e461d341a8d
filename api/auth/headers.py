"""What browsers are told with every answer: to run nothing of it, and to give nothing away.

Flask-Talisman has had no release since 2023, so this is ours.
"""

import re
from base64 import b64encode
from hashlib import sha256

from apiflask import APIFlask
from flask import Response, request
from flask_cors import CORS

from core.settings import Settings, parse_origins

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DOCS = "swagger_ui.show"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'{script}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
"""Swagger UI writes styles into its elements."""
A_YEAR = 365 * 24 * 3600
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
SENT = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer")
SHOWN = ("Location", "Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After")


def register(app: APIFlask, settings: Settings) -> None:
    """Give every answer its headers; let pages of the listed origins in, with a key."""
    app.after_request(_protect)
    if origins := parse_origins(settings.cors_origins):
        # Without credentials: a session's cookie is for our own page.
        CORS(app, origins=origins, allow_headers=SENT, expose_headers=SHOWN, max_age=600)


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = _policy(response)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}")
    if request.path.startswith("/v1/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _policy(response: Response) -> str:
    if request.endpoint != DOCS:
        return POLICY
    return DOCS_POLICY.format(script=_digests(response))


def _digests(response: Response) -> str:
    """Name the scripts that the page of the documentation starts itself with."""
    if response.mimetype != "text/html" or response.direct_passthrough:
        return ""
    scripts = _INLINE.findall(response.get_data())
    digests = (b64encode(sha256(each).digest()).decode() for each in scripts)
    return "".join(f" 'sha256-{digest}'" for digest in digests)
