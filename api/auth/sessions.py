"""``/v1/session``: a key kept by the browser, where no script can read it."""

from http import HTTPStatus
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as BaseResponse

from api.auth.checking import COOKIE, session_of
from api.auth.limits import check_address, check_sign_in
from api.requests import parse_json
from api.services import app_services, services
from core.errors import KeyInvalid
from core.keys import ALL_SCOPES, Scope
from core.keys.tokens import csrf_token

bp = APIBlueprint("session", __name__, url_prefix="/v1/session", tag="Session")


class SignIn(BaseModel):
    """A key to sign in with."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class Session(BaseModel):
    """What the caller may do."""

    csrf: str | None
    """To be sent as ``X-CSRF-Token`` with all but GET and HEAD; null: none is needed."""
    scopes: list[Scope]


@bp.post("")
@bp.output(Session)
def create() -> Any:
    """Sign in with a key; the cookie ``tintype_session`` stands for it, for 12 hours at most."""
    s, asked = app_services(), parse_json(request, SignIn)
    if s.settings.keys == "off":
        return _session(ALL_SCOPES, None)
    try:
        found = s.keys.find(asked.key).key
    except KeyInvalid:
        check_address(request.remote_addr)
        raise
    check_sign_in(found.id)
    session, seconds = s.keys.open_session(found)
    response = jsonify(_session(found.scopes, csrf_token(session)).model_dump(mode="json"))
    response.set_cookie(
        COOKIE,
        session,
        max_age=seconds,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return response


@bp.get("")
@bp.output(Session)
def show() -> Any:
    """Say what the caller may do, and with which token."""
    caller = services().caller
    return _session(caller.scopes, csrf_token(caller.session) if caller.session else None)


@bp.delete("")
@bp.output({}, status_code=204)
def end() -> BaseResponse:
    """Sign out."""
    session = session_of(request)
    if session:
        services().keys.end_session(session)
    response = Response(status=HTTPStatus.NO_CONTENT)
    response.delete_cookie(COOKIE, path="/", secure=request.is_secure, httponly=True)
    return response


def _session(scopes: frozenset[Scope], csrf: str | None) -> Session:
    return Session(csrf=csrf, scopes=[scope for scope in Scope if scope in scopes])
