"""One request to the API and what its answer means; sends nothing itself."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from tintype_client.errors import TintypeApiError

T = TypeVar("T")
MOST_WAIT = 60
"""Seconds that the API lets a request wait at most."""


@dataclass(frozen=True)
class Upload:
    """A file that goes along; a path is opened anew for every try."""

    name: str
    content: bytes | Path


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how to read its answer."""

    method: str
    path: str
    read: Callable[[bytes], T]
    """Makes the answer of a body; raises ValueError if it cannot."""
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] = field(default_factory=dict)
    upload: Upload | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0
    """Seconds that the API is asked to wait before it answers."""
    silence: float | None = None
    """Seconds without a byte after which the answer is given up, if not the client's timeout."""
    also_read: tuple[int, ...] = ()
    """Statuses of errors whose body is an answer all the same."""

    def with_params(self, **params: Any) -> "Call[T]":
        """Return the same request with other parameters."""
        return replace(self, params={**self.params, **params})

    @contextlib.contextmanager
    def request(self, http: httpx.Client | httpx.AsyncClient) -> Iterator[httpx.Request]:
        """Build the request for one try; its file is open as long as the context.

        Raises:
            OSError: the file cannot be read.
        """
        headers = dict(self.headers)
        # Prefer knows whole seconds (RFC 7240).
        wait = math.ceil(min(self.wait, MOST_WAIT))
        if wait > 0:
            headers["Prefer"] = f"wait={wait}"
        timeout = http.timeout.as_dict()
        timeout["read"] = self.silence or wait + (timeout["read"] or 0)
        with _opened(self.upload) as files:
            yield http.build_request(
                self.method,
                self.path,
                params={name: value for name, value in self.params.items() if value is not None},
                json=self.json,
                data=self.form or None,
                files=files,
                headers=headers,
                timeout=httpx.Timeout(**timeout),
            )

    def answer(self, response: httpx.Response) -> T:
        """Read an answer whose body is there.

        Raises:
            TintypeApiError: it is an error, or nothing that the API would answer.
        """
        if not response.is_success and response.status_code not in self.also_read:
            raise api_error(response)
        try:
            return self.read(response.content)
        except ValueError as error:
            what = f"{self.method} {self.path}: {misread(error)}: {_beginning(response)}"
            raise TintypeApiError(response.status_code, "unexpected_answer", what) from error


def api_error(response: httpx.Response) -> TintypeApiError:
    """Return the error that an answer is: the API's own, or that of something in front of it."""
    status, after = response.status_code, _seconds(response.headers.get("Retry-After"))
    try:
        body = response.json()
        code, detail = str(body["code"]), str(body.get("detail", ""))
        fields = tuple(body.get("errors") or ())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return TintypeApiError(status, f"http_{status}", _beginning(response), (), after)
    return TintypeApiError(status, code, detail, fields, after)


def misread(error: Exception) -> str:
    """Return in one line why what the API says cannot be read."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))


def segment(value: str) -> str:
    """Return an id as one segment of a path, whatever it is."""
    return quote(value, safe="")


@contextlib.contextmanager
def _opened(upload: Upload | None) -> Iterator[dict[str, tuple[str, IO[bytes] | bytes]] | None]:
    if upload is None:
        yield None
    elif isinstance(upload.content, bytes):
        yield {"file": (upload.name, upload.content)}
    else:
        with upload.content.open("rb") as file:
            yield {"file": (upload.name, file)}


def _beginning(response: httpx.Response) -> str:
    """Return what an answer that is not the API's says, shortly."""
    return " ".join(response.text.split())[:200] or response.reason_phrase


def _seconds(retry_after: str | None) -> float | None:
    """Return the seconds of a ``Retry-After``; dates are not what this API sends."""
    text = retry_after or ""
    return float(text) if text.isascii() and text.isdecimal() else None
