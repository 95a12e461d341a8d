"""Errors as problem+json (RFC 9457), each with a stable code."""

import logging
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, json
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from core import errors

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = "2"

STATUS: dict[type[errors.TintypeError], HTTPStatus] = {
    errors.JobNotFound: HTTPStatus.NOT_FOUND,
    errors.HooksOff: HTTPStatus.NOT_FOUND,
    errors.SenderUnknown: HTTPStatus.UNAUTHORIZED,
    errors.InvalidEvent: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyEvents: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.DeliveryNotFound: HTTPStatus.NOT_FOUND,
    errors.BatchNotFound: HTTPStatus.NOT_FOUND,
    errors.UploadNotFound: HTTPStatus.NOT_FOUND,
    errors.UploadIncomplete: HTTPStatus.CONFLICT,
    errors.UploadExpired: HTTPStatus.GONE,
    errors.NotShown: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.WrongState: HTTPStatus.CONFLICT,
    errors.NoDistribution: HTTPStatus.CONFLICT,
    errors.SourceNotFound: HTTPStatus.NOT_FOUND,
    errors.BucketNotFound: HTTPStatus.NOT_FOUND,
    errors.InvalidCursor: HTTPStatus.BAD_REQUEST,
    errors.BucketForbidden: HTTPStatus.FORBIDDEN,
    errors.IdempotencyConflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    errors.InvalidBucket: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidKey: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidKeyTemplate: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DestinationOverlaps: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DestinationIsSource: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownModel: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidWebhook: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WebhookRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WebhooksOff: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.EmptyObject: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ObjectTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.ReportDamaged: HTTPStatus.BAD_GATEWAY,
    errors.StorageDenied: HTTPStatus.BAD_GATEWAY,
    errors.StorageRefused: HTTPStatus.BAD_GATEWAY,
    errors.ResultGone: HTTPStatus.GONE,
    errors.StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ClockSkewed: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SnsUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooManyStreams: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.KeyRequired: HTTPStatus.UNAUTHORIZED,
    errors.KeyInvalid: HTTPStatus.UNAUTHORIZED,
    errors.ScopeMissing: HTTPStatus.FORBIDDEN,
    errors.CsrfRefused: HTTPStatus.FORBIDDEN,
    errors.HostRefused: HTTPStatus.FORBIDDEN,
    errors.TooManyTries: HTTPStatus.TOO_MANY_REQUESTS,
    errors.QuotaExceeded: HTTPStatus.TOO_MANY_REQUESTS,
}

CHALLENGES = {
    # Amazon SNS shows the password of its URL only when it is asked like this.
    errors.SenderUnknown.code: 'Basic realm="tintype", charset="UTF-8"',
    errors.KeyInvalid.code: 'Bearer error="invalid_token"',
}
CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_request",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
}


class ProblemResponse(Response):
    """A problem document that remembers its code, for whoever logs it."""

    problem_code = ""


def problem(status: HTTPStatus, code: str, detail: str, **more: Any) -> Response:
    """Return one problem document."""
    body = {"type": "about:blank", "title": _title(status), "status": int(status)}
    body |= {"code": code, "detail": detail, **more}
    response = ProblemResponse(json.dumps(body) + "\n", int(status), content_type=CONTENT_TYPE)
    response.problem_code = code
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response.headers["Retry-After"] = RETRY_AFTER
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = CHALLENGES.get(code, "Bearer")
    return response


def register(app: APIFlask) -> None:
    """Make the app answer every error with a problem document."""

    @app.errorhandler(errors.TintypeError)
    def ours(error: errors.TintypeError) -> Response:
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("%s: %s", error.code, error)
        response = problem(status, error.code, str(error))
        if isinstance(error, errors.QuotaExceeded):
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        return _invalid(error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        response = problem(status, _code_of(status), error.description or _title(status))
        for name, value in error.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                response.headers[name] = value
        return response

    @app.errorhandler(HTTPError)
    def from_apiflask(error: HTTPError) -> Response:
        status = HTTPStatus(error.status_code)
        fields = [
            {"field": name, "message": message}
            for part in (error.detail or {}).values()
            for name, messages in part.items()
            for message in messages
        ]
        if fields:
            return _fields_problem(status, fields)
        return problem(status, _code_of(status), error.message or _title(status))

    @app.errorhandler(Exception)
    def unexpected(_error: Exception) -> Response:
        log.exception("unexpected error")
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            errors.TintypeError.code,
            "an unexpected error; the server's log has the details",
        )


def _invalid(error: ValidationError) -> Response:
    fields = [
        {
            "field": ".".join(map(str, item["loc"])),
            "message": item["msg"].removeprefix("Value error, "),
        }
        for item in error.errors(include_url=False, include_input=False)
    ]
    return _fields_problem(HTTPStatus.UNPROCESSABLE_ENTITY, fields)


def _fields_problem(status: HTTPStatus, fields: list[dict[str, str]]) -> Response:
    """Name every field that is wrong, for people in the detail and for programs in a list."""
    detail = "; ".join(": ".join(filter(None, item.values())) for item in fields)
    return problem(status, _code_of(status), detail, errors=fields)


def _title(status: HTTPStatus) -> str:
    """Return the status' phrase; that of HTTPStatus changes with the version of Python."""
    return HTTP_STATUS_CODES[status]


def _code_of(status: HTTPStatus) -> str:
    return CODES.get(status, _title(status).lower().replace(" ", "_"))
