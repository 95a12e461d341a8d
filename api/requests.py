"""Parsing what clients send."""

import hashlib
import re
from dataclasses import dataclass
from typing import IO, TypeVar

from flask import Request
from pydantic import BaseModel, ConfigDict, Json
from pydantic_core import from_json
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    UnprocessableEntity,
    UnsupportedMediaType,
)
from werkzeug.http import parse_dict_header

from core.errors import EmptyObject, ObjectTooLarge
from core.jobs import Idempotency, JobRequest, Options, Priority, Webhook
from core.objects import ObjectRef, safe_name

MAX_JSON_BYTES = 64 * 1024
FORM_ALLOWANCE = 1024 * 1024
MAX_WAIT = 60.0
# As storage may hand it out; see ``UploadRequest``, which refuses what is left out here.
_IMAGE_TYPE = re.compile(r"image/(?!svg)[a-z0-9][a-z0-9.+-]{0,60}")
M = TypeVar("M", bound=BaseModel)


class Fields(BaseModel):
    """What a form may say beside the file."""

    model_config = ConfigDict(extra="forbid")

    destination: Json[ObjectRef] | None = None
    options: Json[Options] = Options()
    priority: Priority = Priority.NORMAL
    webhook: Json[Webhook] | None = None


@dataclass(frozen=True)
class Upload:
    """A file that came with the request; where it is stored becomes the job's source."""

    stream: IO[bytes]
    bytes: int
    filename: str
    content_type: str
    destination: ObjectRef | None
    options: Options
    priority: Priority
    webhook: Webhook | None


def parse_job(request: Request, max_bytes: int) -> JobRequest | Upload:
    """Read the body of ``POST /v1/jobs``: JSON, or a form with a file.

    Raises:
        UnsupportedMediaType, BadRequest, UnprocessableEntity, RequestEntityTooLarge:
            as their names say.
        pydantic.ValidationError, TintypeError: a value is not acceptable.
    """
    if request.mimetype == "application/json":
        body = read_body(request, MAX_JSON_BYTES, "a photograph itself goes into a form")
        return JobRequest.model_validate_json(_json_object(body))
    if request.mimetype == "multipart/form-data":
        _check_length(request, max_bytes + FORM_ALLOWANCE, "see TINTYPE_MAX_BYTES")
        return _parse_form(request, max_bytes)
    raise UnsupportedMediaType("send application/json, or multipart/form-data with a file")


def parse_json(request: Request, model: type[M]) -> M:
    """Read a JSON object; no body at all is an empty one.

    Raises:
        UnsupportedMediaType, BadRequest, RequestEntityTooLarge: as their names say.
        pydantic.ValidationError, TintypeError: a value is not acceptable.
    """
    body = read_body(request, MAX_JSON_BYTES)
    if not body:
        return model()
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("send application/json")
    return model.model_validate_json(_json_object(body))


def idempotency_key(request: Request) -> str | None:
    """Return the Idempotency-Key, if there is one.

    Raises:
        BadRequest: the key is empty, too long or not of visible ASCII characters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise BadRequest("Idempotency-Key takes 1 to 255 visible ASCII characters, without spaces")
    return key


def parse_idempotency(
    request: Request, parsed: JobRequest | Upload, owner: str = ""
) -> Idempotency | None:
    """Return the Idempotency-Key with the fingerprint of the request; None without a key.

    Raises:
        BadRequest: the key is empty, too long or not of visible ASCII characters.
    """
    key = idempotency_key(request)
    if key is None:
        return None
    if isinstance(parsed, JobRequest):
        return Idempotency.of(key, parsed.model_dump_json().encode(), owner=owner)
    content = hashlib.file_digest(parsed.stream, "sha256").digest()  # type: ignore[arg-type]
    parsed.stream.seek(0)
    records = (parsed.destination, parsed.options, parsed.webhook)
    texts = [record.model_dump_json() if record else "" for record in records]
    parts = (parsed.filename, parsed.content_type, parsed.priority, *texts)
    return Idempotency.of(key, content, *(part.encode() for part in parts), owner=owner)


def parse_wait(request: Request) -> float:
    """Return the seconds of ``Prefer: wait=N`` (RFC 7240), at most 60; 0 without or if unclear."""
    wait = parse_dict_header(request.headers.get("Prefer", "")).get("wait") or ""
    return min(float(wait), MAX_WAIT) if wait.isascii() and wait.isdecimal() else 0.0


def read_body(request: Request, limit: int, advice: str = "") -> bytes:
    """Return the body, whether or not its length is announced.

    Raises:
        RequestEntityTooLarge: it is longer than the limit.
    """
    _check_length(request, limit, advice)
    # Of a body without a length, Werkzeug hands out the beginning, as if it were all.
    request.max_content_length = limit + 1
    body = request.get_data()
    if len(body) > limit:
        raise _too_long(limit, advice)
    return body


def _check_length(request: Request, limit: int, advice: str) -> None:
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise _too_long(limit, advice)


def _too_long(limit: int, advice: str) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(
        f"a body may have {limit} bytes" + (f"; {advice}" if advice else "")
    )


def _json_object(body: bytes) -> bytes:
    try:
        is_object = isinstance(from_json(body), dict)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not is_object:
        raise BadRequest("the body must be a JSON object")
    return body


def _parse_form(request: Request, max_bytes: int) -> Upload:
    fields = Fields.model_validate(request.form.to_dict())
    files = request.files.getlist("file")
    if len(files) != 1 or len(request.files) != 1:
        raise UnprocessableEntity("the form needs one file, and no more, in the field 'file'")
    file = files[0]
    size = file.stream.seek(0, 2)
    file.stream.seek(0)
    if size == 0:
        raise EmptyObject("the uploaded file has no bytes")
    if size > max_bytes:
        raise ObjectTooLarge(f"the uploaded file has {size} bytes, more than {max_bytes}")
    return Upload(
        stream=file.stream,
        bytes=size,
        filename=safe_name(file.filename or ""),
        content_type=file.mimetype if _IMAGE_TYPE.fullmatch(file.mimetype) else "",
        destination=fields.destination,
        options=fields.options,
        priority=fields.priority,
        webhook=fields.webhook,
    )
