"""What the synchronous and the asynchronous client have in common."""

import inspect
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Generic, ParamSpec, TypeVar, cast
from uuid import uuid4

import httpx

from tintype_client.address import find_api, find_token
from tintype_client.batch_calls import batch
from tintype_client.batch_models import Batch
from tintype_client.call import MOST_WAIT, Call
from tintype_client.errors import TintypeClientError, WaitTimeout
from tintype_client.job_calls import job
from tintype_client.models import Job
from tintype_client.retries import is_passing, unreachable

R = TypeVar("R", bound=Job | Batch)
P = ParamSpec("P")
T = TypeVar("T")
CONNECT_SECONDS = 5.0
LOOK_AGAIN = 0.5
"""Seconds between two looks; the API may be too busy to wait for us."""


def http_options(api: str | None, token: str | None, timeout: float) -> dict[str, Any]:
    """Return the arguments of httpx' clients."""
    headers = {"User-Agent": "tintype-client"}
    if found := find_token(token):
        headers["Authorization"] = f"Bearer {found}"
    return {
        "base_url": find_api(api),
        "headers": headers,
        "timeout": httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
    }


def as_method(method: Callable[P, T], make: Callable[..., Any]) -> Callable[P, T]:
    """Let ``help`` and editors show a method with the arguments of the call that it sends."""
    signature = inspect.signature(make)
    myself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    shown = signature.replace(
        parameters=[myself, *signature.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    method.__signature__ = shown  # type: ignore[attr-defined]
    return method


def look(record: R, *, wait: float = 0) -> Call[R]:
    """Look at a job or batch again; with ``wait`` as soon as it has ended."""
    id = record.id
    call = job(id, wait=wait) if isinstance(record, Job) else batch(id, wait=wait)
    return cast(Call[R], call)


class Waiting(Generic[R]):
    """Waits for the end of a job or batch by long polls; sends nothing itself."""

    def __init__(self, record: R, timeout: float | None, patience: float) -> None:
        self._record = record
        self._timeout = math.inf if timeout is None else timeout
        self._deadline = time.monotonic() + self._timeout
        self._patience = patience

    @property
    def patience(self) -> float:
        """Return the seconds that the API may be away."""
        return min(self._patience, self._left)

    @property
    def pause(self) -> float:
        """Return the seconds before the next look."""
        return min(self._left, LOOK_AGAIN)

    def look(self) -> Call[R]:
        """Return the next look.

        Raises:
            WaitTimeout: the time is over.
        """
        if not self._left:
            raise self._over()
        wait = min(self._left, MOST_WAIT) // 1
        return look(self._record, wait=wait)

    def failed(self, error: TintypeClientError) -> None:
        """Take the failure of a look.

        Raises:
            WaitTimeout: the API would have been asked again, if there were time.
        """
        if is_passing(error) and self._left < self._patience:
            raise self._over() from error

    @property
    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _over(self) -> WaitTimeout:
        what = type(self._record).__name__.lower()
        return WaitTimeout(f"{what} {self._record.id} has not ended in {self._timeout:g} s")


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn what httpx raises into what this package raises."""
    try:
        yield
    except httpx.RequestError as error:
        raise unreachable(error) from error


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its name first, so that it is there whole or not at all."""
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
