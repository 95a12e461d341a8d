"""The checks that every request passes before its view: who asks, and may they."""

import re
from dataclasses import replace

from flask import Request, g, request

from api.auth.limits import check_address
from api.auth.scopes import OPEN, scope_of
from api.callers import Caller
from api.services import Services, app_services, services
from core.errors import (
    BatchNotFound,
    CsrfRefused,
    HostRefused,
    JobNotFound,
    KeyInvalid,
    KeyRequired,
    ScopeMissing,
    TintypeError,
    UploadNotFound,
)
from core.keys.serving import is_loopback
from core.keys.tokens import csrf_token, same
from core.settings import parse_origins

COOKIE = "tintype_session"
CSRF_HEADER = "X-CSRF-Token"
BEARER = "bearer "
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOT_FOUND: dict[str, type[TintypeError]] = {
    "job": JobNotFound,
    "batch": BatchNotFound,
    "upload": UploadNotFound,
}
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def identify() -> None:
    """Find out who asks, for whatever comes after.

    Raises:
        KeyRequired, KeyInvalid, TooManyTries, CsrfRefused, HostRefused: as their names say.
        JobNotFound, BatchNotFound, UploadNotFound: nothing can have the id in the URL.
        QueueUnavailable: Redis is away, so nobody can be known.
    """
    endpoint, record = request.endpoint, _record(request)
    _check_site(request)
    _check_host(request)
    if endpoint is None or endpoint in OPEN or request.method == "OPTIONS":
        return
    s = app_services()
    if s.settings.keys == "off":
        return
    caller, g.owner = _identify(s, request, record)
    access = s.access.narrowed(caller.maker.access)
    if caller.sees is not None:
        access = replace(access, shared=s.settings.bucket)
    g.services = replace(s, caller=caller, access=access)


def check_rights() -> None:
    """Refuse what the caller may not do or see.

    Raises:
        CsrfRefused, ScopeMissing: as their names say.
        JobNotFound, BatchNotFound, UploadNotFound: it is of another owner, or there is none.
    """
    caller = services().caller
    if caller.key is None:
        return
    if caller.session:
        _check_csrf(request, caller.session)
    scope = scope_of(request.endpoint or "")
    if scope and not caller.key.has(scope):
        raise ScopeMissing(f"this key is not for '{scope}'; its scopes are fixed, make another")
    record = _record(request)
    if record and caller.sees not in (None, g.owner):
        raise _not_found(record)


def session_of(request: Request) -> str:
    """Return the session's cookie; empty without one, or with one that cannot be a session's."""
    cookie = request.cookies.get(COOKIE, "")
    return cookie if re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie) else ""


def _identify(s: Services, request: Request, record: str) -> tuple[Caller, str]:
    """Return the caller, and whose the record is that the request names."""
    header, session = request.headers.get("Authorization", ""), session_of(request)
    try:
        if header:
            if not header.lower().startswith(BEARER):
                raise KeyInvalid("keys are shown as 'Authorization: Bearer tt_…'")
            found = s.keys.find(header[len(BEARER) :].strip(), record)
            return Caller(found.key), found.owner
        if session:
            found = s.keys.find_session(session, record)
            return Caller(found.key, session), found.owner
    except KeyInvalid:
        check_address(request.remote_addr)
        raise
    raise KeyRequired("this needs a key: send it as 'Authorization: Bearer tt_…'")


def _check_site(request: Request) -> None:
    """Where no key is needed, a page of any site could have a browser send forms.

    Browsers say whose page it was (Fetch Metadata); those of listed origins may.
    """
    if request.method in SAFE or not _is_foreign(request) or "Authorization" in request.headers:
        return
    listed = parse_origins(app_services().settings.cors_origins)
    if request.headers.get("Origin") not in listed:
        raise CsrfRefused("pages of other sites may not do this; see TINTYPE_CORS_ORIGINS")


def _is_foreign(request: Request) -> bool:
    """Whether a page of another site sends this; without TLS, browsers tell its origin alone."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and origin is not None:
        return origin.partition("://")[2] != request.host
    return site in ("cross-site", "same-site")


def _check_host(request: Request) -> None:
    """Where no key is needed, a page could have its own name lead here (DNS rebinding)."""
    settings = app_services().settings
    any_name = settings.allow_anonymous and not settings.hosts
    if settings.keys != "off" or any_name or is_loopback(request.host):
        return
    name = request.host.rsplit(":", 1)[0].lower()
    if name not in {each.strip().lower() for each in settings.hosts.split(",")}:
        raise HostRefused(
            f"without keys this API answers to localhost alone, not to {name[:100]!r}; add the "
            "name to TINTYPE_HOSTS if only people you trust reach it, or set TINTYPE_KEYS=required"
        )


def _check_csrf(request: Request, session: str) -> None:
    """A browser sends the cookie whoever asks it to; the token it knows only from us."""
    shown = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE and not same(shown, csrf_token(session)):
        raise CsrfRefused(f"the header {CSRF_HEADER} is missing or wrong; GET /v1/session tells it")


def _record(request: Request) -> str:
    """Return what the URL names, as kind:id; empty if it names nothing.

    Raises:
        JobNotFound, BatchNotFound, UploadNotFound: nothing can have such an id.
    """
    for kind in NOT_FOUND:
        name = (request.view_args or {}).get(f"{kind}_id")
        if name is not None:
            record = f"{kind}:{name}"
            if not _ID.fullmatch(name):
                raise _not_found(record)
            return record
    return ""


def _not_found(record: str) -> TintypeError:
    """Return the error that there is no such thing, the same for what others have."""
    kind, _, name = record.partition(":")
    return NOT_FOUND[kind](f"no {kind} has the id {name!r}")
