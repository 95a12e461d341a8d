"""Following events across cut connections (Server-Sent Events, HTML Living Standard, 9.2)."""

import json
from dataclasses import replace

import httpx
from httpx_sse import ServerSentEvent

from tintype_client.call import Call, api_error, misread
from tintype_client.errors import TintypeApiError
from tintype_client.models import Event

LONGEST_PAUSE_MS = 60_000


class Following:
    """Where a stream of events is; sends nothing itself."""

    def __init__(self, call: Call[bytes], last_event_id: str | None) -> None:
        self._call = call
        self._of_one_job = call.path != "/v1/events"
        self._last_id = last_event_id
        self.pause = 2.0
        """Seconds after which to come back to a stream that was ended in peace."""
        self.ended = False
        """Whether there is nothing to come back for."""

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Build the request that goes on after what has been seen."""
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        call = replace(self._call, headers={**self._call.headers, **headers})
        with call.request(http) as request:
            return request

    def opened(self, response: httpx.Response) -> None:
        """Look at an answer before its events; the body of an error has been read.

        Raises:
            TintypeApiError: it is an error, or not a stream of events.
        """
        if response.status_code == httpx.codes.NO_CONTENT:
            self.ended = True
        elif not response.is_success:
            raise api_error(response)
        elif not response.headers.get("Content-Type", "").startswith("text/event-stream"):
            raise TintypeApiError(
                response.status_code, "unexpected_answer", f"{self._call.path} sends no events"
            )

    def take(self, message: ServerSentEvent) -> Event | None:
        """Return the event of a message; None if it only says where the stream is.

        Raises:
            TintypeApiError: its data cannot be read.
        """
        if message.retry is not None:
            self.pause = min(max(message.retry, 0), LONGEST_PAUSE_MS) / 1000
        try:
            message.id.encode("ascii")  # It goes into a header.
            event = _event(message) if message.data else None
        except (ValueError, RecursionError) as error:
            what = f"an event: {misread(error)}"
            raise TintypeApiError(200, "unexpected_answer", what) from error
        self._last_id = message.id or self._last_id
        if event and event.ended and self._of_one_job:
            self.ended = True
        return event


def _event(message: ServerSentEvent) -> Event:
    data = json.loads(message.data)
    if not isinstance(data, dict):
        raise ValueError(f"{message.data!r} is not an object")
    known: dict[str, object] = {"id": message.id, "type": message.event, "job_id": data.get("id")}
    if message.event == "snapshot":
        about = ("state", "attempt", "stage", "error")
        known |= {"job": data, **{name: data.get(name) for name in about}}
        return Event.model_validate(known)
    return Event.model_validate(data | known)
