"""Webhook deliveries: what is still to be told to whom, and what came of it.

A delivery is recorded by the same script that ends its job, so none is forgotten. The sorted set of
those that are due is their queue; claiming one hides it for as long as one try may take.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, cast

from pydantic import Field
from redis import Redis

from core.errors import DeliveryNotFound
from core.jobs.base import Milliseconds, Moment, Record, restored
from core.jobs.parsing import moment
from core.jobs.scripts import Scripts, as_fields, key, milliseconds
from core.redis_client import reachable

log = logging.getLogger(__name__)
SCRIPTS = ("claim_deliveries", "settle_delivery", "postpone_delivery", "redeliver")


class DeliveryState(StrEnum):
    """What came of a delivery."""

    PENDING = "pending"
    """It is tried until it succeeds or its time is up."""
    DELIVERED = "delivered"
    """The receiver answered 2xx."""
    FAILED = "failed"
    """It was given up."""
    GONE = "gone"
    """The receiver answered 410: it does not want to hear any more."""


class Try(Record):
    """One request to a receiver."""

    at: Moment
    status: int | None = None
    """The receiver's answer, if there was one."""
    error: str | None = None
    """Why there was none."""
    ms: Milliseconds


class Delivery(Record):
    """One message to one receiver."""

    id: str
    """Also the header ``webhook-id``: the same for every try."""
    job: str | None = None
    batch: str | None = None
    """What it is about: one of the two."""
    event: str
    url: str
    state: DeliveryState
    created: Moment
    due: Moment | None = None
    """When it is tried next, if it is still pending."""
    tries: Annotated[Sequence[Try], Field(default_factory=list)]
    """The last 50."""
    claim: Annotated[int, Field(exclude=True)] = 0
    """Number of the claim under which it is tried: an older one settles nothing."""


class Deliveries:
    """Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, *SCRIPTS)

    def claim(self, most: int, seconds: float) -> Sequence[Delivery]:
        """Take deliveries that are due; nobody else gets them for some seconds."""
        flat = self._scripts.run("claim_deliveries", most, milliseconds(seconds))
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return [*_readable((delivery_id, as_fields(record)) for delivery_id, record in pairs)]

    def settle(
        self, delivery: Delivery, outcome: Try, state: DeliveryState, again_in: float = 0
    ) -> None:
        """Note a try; a delivery that is still pending is due again in some seconds."""
        written = outcome.model_dump_json(exclude_none=True)
        wait = milliseconds(again_in)
        self._scripts.run("settle_delivery", delivery.id, delivery.claim, written, state, wait)

    def postpone(self, delivery: Delivery, seconds: float) -> None:
        """Put a claimed delivery back without a try; it is due again in some seconds."""
        self._scripts.run("postpone_delivery", delivery.id, milliseconds(seconds))

    def of_job(self, job_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a job, oldest first; none if there is no such job."""
        return self._of("job", job_id)

    def of_batch(self, batch_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a batch, oldest first; none if there is no such batch."""
        return self._of("batch", batch_id)

    def _of(self, kind: str, record_id: str) -> Sequence[Delivery]:
        with reachable():
            told = self._redis.hget(key(kind, record_id), "deliveries")
            count = int(cast(str | None, told) or 0)
            ids = [f"{record_id}.{number}" for number in range(1, count + 1)]
            pipe = self._redis.pipeline(transaction=False)
            for delivery_id in ids:
                pipe.hgetall(key("delivery", delivery_id))
                pipe.zscore(key("deliveries", "due"), delivery_id)
            answers = pipe.execute()
        found = zip(ids, answers[::2], answers[1::2], strict=True)
        return [*_readable((each, _with_due(fields, due)) for each, fields, due in found if fields)]

    def redeliver(self, delivery_id: str) -> None:
        """Make a delivery due at once, whatever came of it.

        Raises:
            DeliveryNotFound: there is none with this id.
        """
        if not self._scripts.run("redeliver", delivery_id):
            raise DeliveryNotFound(f"no delivery has the id {delivery_id!r}")


def _with_due(fields: dict[str, str], due: float | None) -> dict[str, str]:
    return fields if due is None else fields | {"due": str(round(due))}


def _readable(records: Iterator[tuple[str, Mapping[str, str]]]) -> Iterator[Delivery]:
    """Yield what can be read: one damaged record must not hide the others."""
    for delivery_id, fields in records:
        try:
            yield _parse(delivery_id, fields)
        except (ValueError, LookupError):
            log.exception("the record of delivery %s is damaged", delivery_id)


def _parse(delivery_id: str, fields: Mapping[str, str]) -> Delivery:
    tries = [
        restored(Try, json.loads(text))
        for number in range(1, int(fields.get("tries", 0)) + 1)
        if (text := fields.get(f"try:{number}"))
    ]
    return Delivery.model_validate(
        {
            "id": delivery_id,
            "created": moment(fields["created"]),
            "due": moment(fields.get("due")),
            "claim": int(fields.get("claim", 0)),
            "tries": tries,
            "job": fields.get("job"),
            "batch": fields.get("batch"),
            **{name: fields[name] for name in ("event", "url", "state")},
        }
    )
