"""What clients do with batches: create, look, list, pause, resume, cancel, try again."""

import logging
from collections.abc import Sequence
from typing import cast

from redis import Redis
from uuid_utils import uuid7

from core import heartbeats
from core.batches.parsing import parse_batch
from core.batches.records import Batch, BatchRequest, BatchState
from core.batches.steps import cancel_jobs
from core.errors import (
    BatchNotFound,
    IdempotencyConflict,
    QueueFull,
    TintypeError,
    WrongState,
)
from core.jobs.idempotency import LIFETIME_SECONDS, Idempotency
from core.jobs.makers import NOBODY, Maker
from core.jobs.records import Webhook
from core.jobs.scripts import Scripts, as_id, key
from core.redis_client import reachable

log = logging.getLogger(__name__)
MOST_UNFINISHED = 1000
READ_AT_ONCE = 50
"""Batches read to find those in a state."""


class BatchStore:
    """Creates and reads batches. Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        names = ("create", "pause", "resume", "cancel", "cancel_jobs", "retry")
        self._scripts = Scripts(redis, *names, package="core.batches")

    def create(
        self,
        request: BatchRequest,
        idempotency: Idempotency | None = None,
        webhook: Webhook | None = None,
        maker: Maker = NOBODY,
        trace: str = "",
    ) -> tuple[Batch, bool]:
        """Record a batch and return it with True: a worker will look after it.

        With an idempotency key, the batch that an equal request made in the last 24 hours comes
        back with False instead. ``webhook`` is for a request that names none. ``trace`` is the
        ``TraceContext.text`` of what asks for it.

        Raises:
            IdempotencyConflict: the key came with another request before.
            QueueFull: a thousand batches have not finished.
        """
        batch_id = str(uuid7())
        told = request.webhook or webhook
        answer, value = self._scripts.run(
            "create",
            batch_id,
            request.model_dump_json(exclude_defaults=True, exclude={"webhook"}),
            told.model_dump_json() if told else "",
            MOST_UNFINISHED,
            idempotency.digest if idempotency else "",
            idempotency.fingerprint if idempotency else "",
            LIFETIME_SECONDS * 1000,
            int(request.dry_run),
            *maker.for_batch(),
            *(("trace", trace) if trace else ()),
        )
        match answer:
            case "created" | "known":
                return self.get(batch_id if answer == "created" else value), answer == "created"
            case "other":
                raise IdempotencyConflict(
                    "this Idempotency-Key came with another request; use a new key for a new batch"
                )
            case _:
                raise QueueFull(f"{MOST_UNFINISHED} batches are at work; submit again later")

    def get(self, batch_id: str) -> Batch:
        """Return a batch.

        Raises:
            BatchNotFound: there is none with this id.
        """
        [batch] = self._read([batch_id])
        if batch is None:
            raise BatchNotFound(f"no batch has the id {batch_id!r}")
        return batch

    def list(
        self,
        state: BatchState | None = None,
        limit: int = 50,
        cursor: str | None = None,
        owner: str | None = None,
    ) -> tuple[Sequence[Batch], str | None]:
        """Return a page of batches, newest first, and the cursor of the next page (None: the last).

        ``owner`` asks for those of one owner.

        Raises:
            InvalidCursor: the cursor is not a batch id.
        """
        found: list[Batch] = []
        at_once = limit + 1 if state is None else max(limit + 1, READ_AT_ONCE)
        while True:
            ids = self._ids(cursor, at_once, owner)
            batches = self._read(ids, leave_out_damaged=True)
            found += [batch for batch in batches if batch and state in (None, batch.state)]
            if len(found) > limit:
                return found[:limit], found[limit - 1].id
            if len(ids) < at_once:
                return found, None
            cursor = ids[-1]

    def pause(self, batch_id: str) -> Batch:
        """Start no more of its jobs; those that run go on.

        Raises:
            BatchNotFound, WrongState: there is none with this id, or it has ended.
        """
        return self._change("pause", batch_id, BatchState.PAUSED)

    def resume(self, batch_id: str) -> Batch:
        """Go on after a pause.

        Raises:
            BatchNotFound, WrongState: there is none with this id, or it has ended.
        """
        return self._change("resume", batch_id, BatchState.EXPANDING, BatchState.RUNNING)

    def cancel(self, batch_id: str) -> Batch:
        """Cancel a batch with all its jobs that have not ended, even if it has failed by then.

        Raises:
            BatchNotFound, WrongState: there is none with this id, or it has ended.
        """
        batch = self._change("cancel", batch_id, BatchState.CANCELED)
        cancel_jobs(self._scripts, batch_id)
        return self.get(batch.id)

    def retry(self, batch_id: str) -> Batch:
        """Try the failed keys of a batch again that has ended; go on where it failed as a whole.

        Raises:
            BatchNotFound, WrongState: there is none with this id, or it has not failed.
        """
        answer = self._scripts.run("retry", batch_id)
        batch = self.get(batch_id)
        if answer != "again":
            raise WrongState(
                f"the batch is {batch.state}; only one that has failed and whose last job has "
                "ended can be retried"
            )
        return batch

    def _change(self, name: str, batch_id: str, *wanted: BatchState) -> Batch:
        """Run a script after which the batch is in a state that was wanted."""
        self._scripts.run(name, batch_id)
        batch = self.get(batch_id)
        if batch.state not in wanted:
            raise WrongState(f"the batch has {batch.state}; it cannot {name} any more")
        return batch

    def _ids(self, cursor: str | None, most: int, owner: str | None) -> Sequence[str]:
        listed = key("batches") if owner is None else key("owner", owner, "batches")
        below = "+" if cursor is None else f"({as_id(cursor)}"
        with reachable():
            ids = self._redis.zrevrangebylex(listed, below, "-", start=0, num=most)
        return cast(Sequence[str], ids)

    def _read(
        self, ids: Sequence[str], *, leave_out_damaged: bool = False
    ) -> Sequence[Batch | None]:
        with reachable():
            pipe = self._redis.pipeline(transaction=True)
            pipe.time()
            pipe.get(key("pace"))
            for batch_id in ids:
                pipe.hgetall(key("batch", batch_id))
                for part in ("ticks", "pairs"):
                    pipe.lrange(key("batch", batch_id, part), 0, -1)
            (seconds, micros), pace, *answers = pipe.execute()
        now_ms = seconds * 1000 + micros // 1000
        per_job = self._seconds_per_job(pace)
        found: list[Batch | None] = []
        records = zip(ids, answers[::3], answers[1::3], answers[2::3], strict=True)
        for batch_id, fields, ticks, pairs in records:
            try:
                batch = fields and parse_batch(batch_id, fields, ticks, pairs, now_ms, per_job)
                found.append(batch or None)
            except TintypeError:
                if not leave_out_damaged:
                    raise
                log.exception("left out of a listing")
        return found

    def _seconds_per_job(self, pace: str | None) -> float | None:
        """Return how long all workers together took for a job, lately; None if nobody knows."""
        workers = len(heartbeats.alive(self._redis))
        return float(pace) / 1e3 / workers if pace and workers else None
