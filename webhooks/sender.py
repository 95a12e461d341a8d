"""One try of one delivery: the message, the request, and what follows from the answer."""

import json
import logging
import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import NamedTuple

from core import tracing
from core.batches import Batch, BatchStore
from core.errors import PermanentError, QueueUnavailable, TintypeError, WebhookUnreachable
from core.jobs import Job, JobStore
from core.jobs.deliveries import Delivery, DeliveryState, Try
from core.webhook_urls import Network
from webhooks.exchange import Answer, Deadline, post
from webhooks.schedule import next_wait
from webhooks.signature import Signer
from webhooks.targets import find

log = logging.getLogger(__name__)
TRY_SECONDS = 10.0
"""From the look-up of the host to the end of the answer."""
LOOKUP_SECONDS = 5.0
GONE = 410
BUSY = (429, 503)
UNEXPECTED = "an unexpected error; the service's log has the details"


class Outcome(NamedTuple):
    """What came of a try; all that ``Deliveries.settle`` wants to know."""

    attempt: Try
    state: DeliveryState
    again_in: float = 0
    """Seconds, for a delivery that is still pending."""


class Sender:
    """Tries deliveries; safe to share between threads."""

    def __init__(
        self, jobs: JobStore, batches: BatchStore, signer: Signer, allowed: Sequence[Network]
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._signer = signer
        self._allowed = allowed
        self._tls = ssl.create_default_context()
        self._agent = f"Tintype/{version('tintype')}"

    def deliver(self, delivery: Delivery) -> Outcome:
        """Send a delivery once, within ``TRY_SECONDS``.

        Raises:
            QueueUnavailable: Redis is away, and with it the job's record.
        """
        at, began = datetime.now(UTC), perf_counter()
        result = self._try(delivery, at)
        attempt = Try(
            at=at,
            status=result.status if isinstance(result, Answer) else None,
            error=None if isinstance(result, Answer) else str(result),
            ms=(perf_counter() - began) * 1e3,
        )
        return Outcome(attempt, *_decide(delivery, result, at))

    def _try(self, delivery: Delivery, at: datetime) -> Answer | TintypeError:
        try:
            return self._post(delivery, at)
        except QueueUnavailable:
            raise
        except (PermanentError, WebhookUnreachable) as error:
            return error
        except Exception:
            log.exception("unexpected error")
            return WebhookUnreachable(UNEXPECTED)

    def _post(self, delivery: Delivery, at: datetime) -> Answer:
        body = self._body(delivery)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            **self._signer.headers(delivery.id, int(at.timestamp()), body),
            **tracing.headers(),
        }
        deadline = Deadline(TRY_SECONDS)
        target = find(delivery.url, self._allowed, LOOKUP_SECONDS)
        return post(target, headers, body, self._tls, deadline)

    def _about(self, delivery: Delivery) -> Job | Batch:
        if delivery.batch:
            return self._batches.get(delivery.batch)
        return self._jobs.get(delivery.job or "")

    def _body(self, delivery: Delivery) -> bytes:
        """Return the message: the event, when it happened, and its job or batch as it is by now."""
        written = delivery.model_dump(mode="json")
        message = {
            "type": delivery.event,
            "timestamp": written["created"],
            "data": self._about(delivery).model_dump(mode="json"),
        }
        return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _decide(
    delivery: Delivery, result: Answer | TintypeError, at: datetime
) -> tuple[DeliveryState, float]:
    """Return the delivery's state after a try, and in how many seconds the next one is."""
    if isinstance(result, PermanentError):
        return DeliveryState.FAILED, 0
    if isinstance(result, Answer) and 200 <= result.status < 300:
        return DeliveryState.DELIVERED, 0
    if isinstance(result, Answer) and result.status == GONE:
        return DeliveryState.GONE, 0
    age = (at - delivery.created).total_seconds()
    wait = next_wait(len(delivery.tries) + 1, age, _asked_for(result))
    return (DeliveryState.FAILED, 0) if wait is None else (DeliveryState.PENDING, wait)


def _asked_for(result: Answer | TintypeError) -> float:
    """Return the seconds of ``Retry-After`` (RFC 9110, 10.2.3); a date is not understood."""
    if not isinstance(result, Answer) or result.status not in BUSY:
        return 0
    seconds = re.fullmatch(r"\d{1,9}", result.retry_after or "", re.ASCII)
    return float(seconds.group()) if seconds else 0
