"""Server-Sent Events (HTML Living Standard, 9.2): following jobs as they change."""

import json
import time
from collections.abc import Callable, Iterator

from api.shares import Shares
from core.errors import JobNotFound, QueueUnavailable, TooManyStreams
from core.jobs import JobStore
from core.jobs.base import rfc3339
from core.jobs.events import Event, EventLog

HEARTBEAT = 5.0
"""Seconds without an event after which a comment keeps the connection alive."""
LONGEST = 3600.0
"""Seconds that a stream lives; the client comes back with ``Last-Event-ID``."""
BATCH = 500
"""Events that are read at a time."""
RETRY_MS = 2000
"""How soon a client comes back after a stream has ended without a final event."""


class Slots:
    """Limits how many streams are open: each keeps a thread."""

    def __init__(self, most: int) -> None:
        self._shares = Shares(most)
        self.closing = False
        """Set when the process stops: streams end then, and their clients come back."""

    def take(self, owner: str) -> None:
        """Take a slot.

        Raises:
            TooManyStreams: none is free, or the owner has half of them.
        """
        if not self._shares.take(owner):
            raise TooManyStreams("as many event streams are open as may be; come back later")

    def give(self, owner: str) -> None:
        """Give a slot back."""
        self._shares.give(owner)


class Stream:
    """The events of one job, or of all, as text/event-stream."""

    def __init__(
        self,
        events: EventLog,
        jobs: JobStore,
        slots: Slots,
        job_id: str | None = None,
        owner: str | None = None,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """``job_id`` and ``owner``: None is all jobs, those of all.

        ``may_go_on`` is asked every few seconds; at its no the stream ends.
        """
        self._events = events
        self._jobs = jobs
        self._slots = slots
        self._job_id = job_id
        self._owner = owner
        self._may_go_on = may_go_on

    def follow(self, last_id: str | None) -> Iterator[str] | None:
        """Return frames: all since ``last_id``, then what happens from now on.

        None means that the client has seen the job's end and need not come back.

        A client that is new, or was away for longer than events are kept, first gets what the job
        is like now (``event: snapshot``), or the word that something is missing (``event: gap``).
        A stream of one job ends with the job.

        Raises:
            InvalidCursor: ``last_id`` is not the id of an event.
            JobNotFound: there is no such job.
        """
        missed = last_id is not None and not self._events.reaches(last_id)
        position = self._events.last_id() if last_id is None or missed else last_id
        # Looked at after the position is known: what changes in between comes as an event too.
        job = self._jobs.get(self._job_id) if self._job_id else None
        first = f"retry: {RETRY_MS}\nid: {position}\n\n"
        if job and (last_id is None or missed):
            first += _frame(position, "snapshot", json.loads(job.model_dump_json()))
            if job.state.final:
                return iter([first])
        elif job and job.state.final and not self._told_since(position):
            return None
        elif missed:
            first += _frame(position, "gap", {"detail": "events were missed; list the jobs anew"})
        return self._live(first, position)

    def _told_since(self, position: str) -> bool:
        """Whether anything of the job came after an event."""
        while found := self._events.after(position, wait=0):
            if any(event.job == self._job_id for event in found):
                return True
            position = found[-1].id
        return False

    def _live(self, first: str, position: str) -> Iterator[str]:
        yield first
        ends, spoken, ended = time.monotonic() + LONGEST, time.monotonic(), False
        asked = spoken
        while time.monotonic() < ends and not self._slots.closing:
            try:
                if time.monotonic() - asked > HEARTBEAT:
                    asked = time.monotonic()
                    if not self._may_go_on():
                        return
                found = self._events.after(position, wait=1.0, most=BATCH)
                if len(found) == BATCH and not self._events.reaches(position):
                    # Too slow a reader: coming back, it is told that something is missing.
                    return
                if self._job_id and not found:
                    if ended:
                        return
                    ended = self._jobs.get(self._job_id).state.final
            except (QueueUnavailable, JobNotFound):
                # The client comes back by itself, and misses nothing.
                return
            for event in found:
                position = event.id
                if self._job_id in (None, event.job) and self._owner in (None, event.owner):
                    yield _frame(event.id, f"job.{event.state}", _data(event))
                    spoken = time.monotonic()
                    if self._job_id and event.state.final:
                        return
            if time.monotonic() - spoken > HEARTBEAT:
                yield ": still here\n\n"
                spoken = time.monotonic()


def _data(event: Event) -> dict[str, object]:
    """Return what has changed, under the names that it has in the job's record."""
    changed: dict[str, object] = {"id": event.job, "state": event.state, "attempt": event.attempt}
    if event.stage:
        changed["stage"] = event.stage
    if event.code:
        changed["error"] = {"code": event.code}
    return changed | {"at": rfc3339(event.at)}


def _frame(event_id: str, name: str, data: dict[str, object]) -> str:
    return f"id: {event_id}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
