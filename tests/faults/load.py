"""Clients that submit photographs, and what must be true when all jobs have ended."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from uuid import uuid4

import urllib3
from urllib3.exceptions import HTTPError

from core.broker import AGAIN, QUEUES
from core.jobs import Job, State
from core.objects import ObjectRef
from tests.faults.fleet import Fleet, unacknowledged
from tests.support.images import decoded, encoded, gradient
from tests.support.redis import DUE, LEASES
from tests.support.waiting import eventually

BUCKET = "tintype"
CLIENTS = 4
GIVE_UP = 120.0
"""Seconds after which a client, or a test, stops hoping."""


@dataclass
class Load:
    """Some jobs, submitted at a rate by clients that try again under the same key."""

    fleet: Fleet
    count: int = 200
    rate: float = 25.0
    """Jobs a second."""
    order: dict[str, Any] = field(default_factory=dict)
    """What every order says beside its source."""
    poison: Sequence[bytes] = ()
    """What some sources have at their end."""
    ids: list[str] = field(default_factory=list)
    more: list["Load"] = field(default_factory=list)
    """Loads that came later under the same fault."""

    def __post_init__(self) -> None:
        self.folder = f"photos/{uuid4().hex[:8]}"
        self._left = iter(range(self.count + len(self.poison)))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        self._failure: BaseException | None = None

    def prepare(self) -> None:
        """Put the photographs into storage: no two are the same."""
        for number in range(self.count):
            photo = encoded(gradient(48, 64, seed=random.getrandbits(32)))
            self.fleet.storage.store(self._source(number), photo, "image/jpeg")
        for number, end in enumerate(self.poison, self.count):
            photo = encoded(gradient()) + end
            self.fleet.storage.store(self._source(number), photo, "image/jpeg")

    def start(self) -> None:
        """Begin to submit."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        """Whether everything has been submitted."""
        return not any(thread.is_alive() for thread in self._threads)

    def go_on(self) -> None:
        """Submit some more once everything has been submitted."""
        if all(each.done for each in (self, *self.more)):
            self.then(Load(self.fleet, count=50, rate=10))

    def then(self, later: "Load") -> None:
        """Start a load that comes later under the same fault."""
        later.prepare()
        later.start()
        self.more.append(later)

    def submitted(self) -> set[str]:
        """Return the ids of the jobs so far, those of later loads too."""
        return {job_id for each in (self, *self.more) for job_id in each.ids}

    def ended(self) -> list[Job]:
        """Wait until all is submitted and all jobs have ended; return them."""
        for thread in self._threads:
            thread.join()
        if self._failure:
            raise self._failure
        expected = self.count + len(self.poison)
        assert len(set(self.ids)) == len(self.ids) == expected

        def all_ended() -> list[Job] | None:
            jobs = [self.fleet.jobs.get(job_id) for job_id in self.ids]
            return jobs if all(job.state.final for job in jobs) else None

        return eventually(all_ended, GIVE_UP, "the end of all jobs") or []

    def _client(self) -> None:
        http = urllib3.PoolManager(retries=False, timeout=10)
        try:
            while True:
                with self._lock:
                    number = next(self._left, None)
                if number is None:
                    return
                time.sleep(max(0.0, self._began + number / self.rate - time.monotonic()))
                self.ids.append(self._submit(http, number))
        except BaseException as error:
            self._failure = error
        finally:
            http.clear()

    def _submit(self, http: urllib3.PoolManager, number: int) -> str:
        """Submit until the API says 202, always under the same key."""
        body = {"source": self._source(number).model_dump(), **self.order}
        headers = {"Idempotency-Key": f"{self.folder}/{number}"}
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            try:
                answer = http.request(
                    "POST", f"{self.fleet.url}/v1/jobs", json=body, headers=headers
                )
                if answer.status in (200, 202):
                    return str(answer.json()["id"])
                assert answer.status in (429, 503), answer.data
            except HTTPError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"order {number} was never accepted")

    def _source(self, number: int) -> ObjectRef:
        return ObjectRef(bucket=BUCKET, key=f"{self.folder}/{number:04}.jpg")


@dataclass(frozen=True)
class Report:
    """What came of a load."""

    fault: str
    states: Counter[State]
    codes: Counter[str]
    restarts: int
    """Attempts beyond each job's first."""
    median_seconds: float
    longest_seconds: float
    """From a job's record to its end."""

    @classmethod
    def of(cls, fault: str, jobs: Sequence[Job]) -> "Report":
        """Summarize."""
        seconds = [
            (job.finished - job.created).total_seconds() for job in jobs if job.finished is not None
        ]
        return cls(
            fault,
            Counter(job.state for job in jobs),
            Counter(job.error.code for job in jobs if job.error),
            sum(max(0, job.attempt - 1) for job in jobs),
            median(seconds),
            max(seconds),
        )


def check(load: Load) -> list[Job]:
    """Wait for the end and assert what holds after every fault; return the jobs.

    Each result is there once and opens as an image, indexes agree with the records, and no lease,
    wait or message is left.
    """
    jobs, fleet = load.ended(), load.fleet
    succeeded = [job for job in jobs if job.state is State.SUCCEEDED]
    destinations = {job.destination for job in succeeded}
    assert len(destinations) == len(succeeded)
    stored = _keys(fleet, f"colorized/{load.folder}/")
    assert stored == {ref.key for ref in destinations if ref}
    for ref in destinations:
        assert ref is not None
        assert decoded(fleet.storage.fetch(ref, 10**7).data).shape == (48, 64, 3)
    eventually(lambda: not _left(fleet), 60, "the end of all messages")
    counted = {state: fleet.jobs.count(state) for state in State}
    listed = Counter(job.state for job in _all(fleet))
    assert counted == {state: listed[state] for state in State}
    return jobs


def _left(fleet: Fleet) -> dict[str, int]:
    """Return what is left in Redis of work that should be over."""
    redis = fleet.redis
    found = {
        "leases": int(redis.zcard(LEASES)),
        "due": int(redis.zcard(DUE)),
        "unacknowledged": unacknowledged(redis),
        **{queue: int(redis.llen(queue)) for queue in (AGAIN, *QUEUES.values())},
    }
    return {name: count for name, count in found.items() if count}


def _all(fleet: Fleet) -> list[Job]:
    jobs: list[Job] = []
    cursor: str | None = None
    while True:
        page, cursor = fleet.jobs.list(limit=500, cursor=cursor)
        jobs.extend(page)
        if cursor is None:
            return jobs


def _keys(fleet: Fleet, prefix: str) -> set[str]:
    client = fleet.storage._client
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}
