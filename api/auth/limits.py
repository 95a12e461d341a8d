"""How often keys, and addresses with wrong keys, may come: Flask-Limiter on Redis.

If Redis fails, limits hold nobody up. Answers tell the limit as
draft-ietf-httpapi-ratelimit-headers-09 says: ``RateLimit-Policy`` and ``RateLimit``.
"""

import logging
import time
from typing import cast

from apiflask import APIFlask
from flask import Response, current_app
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from redis.exceptions import RedisError

from api.services import Services, app_services, services
from core.errors import TooManyTries
from core.jobs.scripts import key

log = logging.getLogger(__name__)
WRONG_KEYS = parse("30/minute")
"""From one address; beyond them, wrong keys are told to wait. A good key is always let in."""
SIGN_INS = parse("30/minute")
"""With one key."""
EXTENSION = "tintype-limiter"


def register(app: APIFlask, s: Services) -> None:
    """Count the requests of each key; those that need none are not counted."""
    limiter = Limiter(
        _key_id,
        application_limits=[_rate],
        # However Redis is found: the pool knows.
        storage_uri="redis://",
        storage_options={"connection_pool": s.redis.connection_pool, "key_prefix": key("limits")},  # type: ignore[dict-item]
        strategy="sliding-window-counter",
        headers_enabled=False,
        swallow_errors=True,
    )
    limiter.request_filter(_is_unlimited)
    limiter.init_app(app)
    app.extensions[EXTENSION] = limiter
    app.after_request(_tell)


def check_address(address: str | None) -> None:
    """Count a wrong key.

    Raises:
        TooManyTries: too many came from this address.
    """
    if not _passes(WRONG_KEYS, "wrong-keys", address or "unknown"):
        raise TooManyTries("too many wrong keys came from this address; wait a minute")


def check_sign_in(key_id: str) -> None:
    """Count a session that is to be opened: each takes room for hours.

    Raises:
        TooManyTries: too many were opened with this key.
    """
    if not _passes(SIGN_INS, "sign-ins", key_id):
        raise TooManyTries("too many sessions were opened with this key; wait a minute")


def _passes(limit: RateLimitItem, *who: str) -> bool:
    try:
        return _limiter().limiter.hit(limit, *who)
    except RedisError as error:
        log.warning("%s are not counted: %s", who[0], error)
        return True


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions[EXTENSION])


def _key_id() -> str:
    found = services().caller.key
    return found.id if found else ""


def _rate() -> str:
    found = services().caller.key
    return (found and found.rate) or app_services().settings.rate_limit


def _is_unlimited() -> bool:
    return services().caller.key is None or _rate() == "none"


def _tell(response: Response) -> Response:
    """Say what is left; a key that came too often is told when to come back."""
    limit = _limiter().current_limit
    if limit is None:
        return response
    try:
        remaining, wait = limit.remaining, max(1, round(limit.window.reset_time - time.time()))
    except RedisError as error:
        log.warning("what is left of a limit is not known: %s", error)
        return response
    response.headers["RateLimit-Policy"] = _policy(limit.limit)
    response.headers["RateLimit"] = f'"requests";r={remaining};t={wait}'
    if limit.breached:
        response.headers["Retry-After"] = str(wait)
    return response


def _policy(limit: RateLimitItem) -> str:
    return f'"requests";q={limit.amount};w={limit.get_expiry()}'
