"""The synchronous client."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, Self, TypeVar

import httpx
from httpx_sse import EventSource

from tintype_client import batch_calls, job_calls
from tintype_client.batch_models import Batch
from tintype_client.call import Call, api_error
from tintype_client.errors import TintypeClientError
from tintype_client.following import Following
from tintype_client.models import Event, Job, Page, Part
from tintype_client.retries import Retries
from tintype_client.shared import Waiting, as_method, http_options, look, our_errors, whole_file

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=Job | Batch)
Method = Callable[Concatenate["Client", P], T]


def _sends(make: Callable[P, Call[T]]) -> Method[P, T]:
    """Return the method that sends a call."""

    @wraps(make)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._send(make(*args, **kwargs))

    return as_method(method, make)


def _lists(make: Callable[P, Call[Page[T]]]) -> Method[P, Iterator[T]]:
    """Return the method that goes through the pages of a listing."""

    @wraps(make)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._items(make(*args, **kwargs))

    return as_method(method, make)


class Client:
    """Talks to a Tintype service; a context that closes its connections.

    A request that fails because the API is away or busy is sent again, until it has failed for
    ``patience`` seconds. Then, and for any other error, ``TintypeConnectionError`` or
    ``TintypeApiError`` is raised.

    Args:
        api: address; left out: that in ``TINTYPE_API``, or port 8000 of this machine.
        token: API key, sent as ``Authorization: Bearer``; left out: that in ``TINTYPE_TOKEN``.
        timeout: seconds that the API may take to answer, beside those it is asked to wait.
        patience: seconds that the API may be away or busy; 0 sends everything once.
        longest_pause: seconds between two tries, unless ``Retry-After`` asks for more.
    """

    def __init__(
        self,
        api: str | None = None,
        *,
        token: str | None = None,
        timeout: float = 30.0,
        patience: float = 30.0,
        longest_pause: float = 5.0,
    ) -> None:
        self._http = httpx.Client(**http_options(api, token, timeout))
        self._patience = patience
        self._longest_pause = longest_pause

    submit = _sends(job_calls.submit)
    job = _sends(job_calls.job)
    jobs = _lists(job_calls.jobs)
    cancel = _sends(job_calls.cancel)
    retry = _sends(job_calls.retry)
    retry_many = _sends(job_calls.retry_many)
    redecode = _sends(job_calls.redecode)
    result = _sends(job_calls.result)
    models = _lists(job_calls.models)
    ready = _sends(job_calls.ready)

    submit_batch = _sends(batch_calls.submit_batch)
    batch = _sends(batch_calls.batch)
    batches = _lists(batch_calls.batches)
    batch_jobs = _lists(batch_calls.batch_jobs)
    pause_batch = _sends(batch_calls.pause_batch)
    resume_batch = _sends(batch_calls.resume_batch)
    cancel_batch = _sends(batch_calls.cancel_batch)
    retry_failed = _sends(batch_calls.retry_failed)
    report = _sends(batch_calls.report)

    def download(self, job: Job | str, path: str | Path, part: Part = "result") -> Path:
        """Write what a job left in storage to a file, which is there whole or not at all."""
        call, target = job_calls.result(job, part), Path(path)
        self._persist(lambda: self._download_once(call, target))
        return target

    def download_report(
        self, batch: Batch | str, path: str | Path, format: Literal["csv", "json"] = "csv"
    ) -> Path:
        """Write the report of a batch to a file, which is there whole or not at all."""
        call, target = batch_calls.report(batch, format), Path(path)
        self._persist(lambda: self._download_once(call, target))
        return target

    def look(self, record: R, *, wait: float = 0) -> R:
        """Look at a job or batch again; with ``wait`` as soon as it has ended."""
        return self._send(look(record, wait=wait))

    def wait(self, record: R, timeout: float | None = None) -> R:
        """Return a job or batch when it has ended, even if the API restarts meanwhile.

        Raises:
            WaitTimeout: it has not, in so many seconds.
        """
        waiting = Waiting(record, timeout, self._patience)
        while not record.ended:
            call = waiting.look()
            try:
                record = self._send(call, waiting.patience)
            except TintypeClientError as error:
                waiting.failed(error)
                raise
            if not record.ended:
                time.sleep(waiting.pause)
        return record

    def iter_events(
        self, job: Job | str | None = None, *, last_event_id: str | None = None
    ) -> Iterator[Event]:
        """Follow one job to its end, or all jobs for ever, without gap or double.

        A job's first event is a ``snapshot``. After ``last_event_id`` it goes on where an earlier
        iteration was left; ``gap`` says that some events since then are not kept any more.
        """
        following = Following(job_calls.events(job), last_event_id)
        retries = self._retries()
        while not following.ended:
            pause = following.pause
            try:
                with our_errors(), closing(self._stream(following, retries)) as events:
                    yield from events
            except TintypeClientError as error:
                pause = retries.pause(error)
            if not following.ended:
                time.sleep(pause)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _retries(self, patience: float | None = None) -> Retries:
        return Retries(self._patience if patience is None else patience, self._longest_pause)

    def _persist(self, once: Callable[[], T], patience: float | None = None) -> T:
        retries = self._retries(patience)
        while True:
            try:
                with our_errors():
                    return once()
            except TintypeClientError as error:
                pause = retries.pause(error)
            time.sleep(pause)

    def _send(self, call: Call[T], patience: float | None = None) -> T:
        return self._persist(lambda: self._send_once(call), patience)

    def _send_once(self, call: Call[T]) -> T:
        with call.request(self._http) as request:
            return call.answer(self._http.send(request))

    def _items(self, call: Call[Page[T]]) -> Iterator[T]:
        page = self._send(call)
        yield from page.items
        while page.next is not None:
            page = self._send(call.with_params(cursor=page.next))
            yield from page.items

    def _download_once(self, call: Call[bytes], target: Path) -> None:
        with call.request(self._http) as request:
            response = self._http.send(request, stream=True)
        try:
            if not response.is_success:
                response.read()
                raise api_error(response)
            with whole_file(target) as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
        finally:
            response.close()

    def _stream(self, following: Following, retries: Retries) -> Generator[Event, None, None]:
        response = self._http.send(following.request(self._http), stream=True)
        try:
            if not response.is_success:
                response.read()
            following.opened(response)
            retries.worked()
            if following.ended:
                return
            for message in EventSource(response).iter_sse():
                if event := following.take(message):
                    yield event
        finally:
            response.close()
