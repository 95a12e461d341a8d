"""What the OpenAPI document says about keys: which each call needs, and how it is shown."""

from typing import Any

from flask import current_app

from api.auth.scopes import OPEN, scope_of
from api.services import services

SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tt_…",
        "description": "An API key of 'tintype keys create'; none is needed where keys are off.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tintype_session",
        "description": "Of POST /v1/session; all but GET and HEAD send X-CSRF-Token with it.",
    },
}
_REFUSALS = {
    "401": "No key, or one that is unknown, revoked or expired",
    "403": "The key is not for this, or does not reach the bucket",
    "429": "Too many requests of this key; come back after Retry-After seconds",
}
_SECONDS = {"schema": {"type": "string"}, "description": "Seconds to wait"}
_CHALLENGE = {"schema": {"type": "string"}, "description": "Bearer"}


def add_security(spec: Any) -> None:
    """Describe the schemes, and what each operation answers to whom."""
    spec["components"]["securitySchemes"] = SCHEMES
    for rule in current_app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method, operation in spec["paths"].get(path, {}).items():
            if method.upper() in (rule.methods or ()):
                _secure(operation, rule.endpoint)


def _secure(operation: Any, endpoint: str) -> None:
    if endpoint in OPEN:
        operation["security"] = []
        return
    optional: list[dict[str, Any]] = [{}] if services().settings.keys == "off" else []
    operation["security"] = [*optional, {"key": []}, {"session": []}]
    scope = scope_of(endpoint)
    if scope:
        operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`."
    for status, text in _REFUSALS.items():
        operation["responses"].setdefault(status, {"description": text})
    operation["responses"]["401"].setdefault("headers", {})["WWW-Authenticate"] = _CHALLENGE
    operation["responses"]["429"].setdefault("headers", {})["Retry-After"] = _SECONDS
