"""The process that sends what is due."""

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic, sleep

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_fixed

from core.batches import BatchStore
from core.errors import InvalidSetting, InvalidWebhook, QueueUnavailable
from core.heartbeats import WEBHOOKS, Heartbeat
from core.jobs import JobStore
from core.jobs.deliveries import Deliveries, Delivery, DeliveryState
from core.jobs.traces import Traces
from core.servers import connect_state
from core.settings import Settings
from core.webhook_urls import host_of, parse_networks, parse_webhook_url
from webhooks.lanes import Lanes
from webhooks.observing import observed, tell
from webhooks.sender import Outcome, Sender
from webhooks.signature import Signer

log = logging.getLogger(__name__)
THREADS = 64
"""Tries at the same time. They wait, mostly: so many that some dead receivers do not fill them."""
IDLE_SECONDS = 0.25
LEASE_SECONDS = 60.0
"""Longer than a try and the note of it; then another process may try it."""
NOTE_SECONDS = 30.0
"""How long the note of a try waits for Redis; without it the receiver hears the same twice."""


class Webhooks:
    """Claims deliveries that are due and sends them, until it is told to stop."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily: no server has to be up yet.

        Raises:
            InvalidSetting: there is no secret, or it cannot be read.
        """
        if settings.webhook_secret is None:
            raise InvalidSetting("TINTYPE_WEBHOOK_SECRET is not set; it signs what webhooks send")
        signer = Signer(settings.webhook_secret.get_secret_value())
        redis = connect_state(settings)
        self._deliveries = Deliveries(redis)
        self._traces = Traces(redis)
        allowed = parse_networks(settings.webhook_allow)
        self._sender = Sender(JobStore(redis), BatchStore(redis), signer, allowed)
        self._heartbeat = Heartbeat(redis, WEBHOOKS)
        self._lanes = Lanes()
        self._running: set[Future[None]] = set()
        # No Event: its lock and a signal handler could wait for each other.
        self._stopping = False

    def run(self) -> None:
        """Send deliveries until stopped; then finish those that have begun."""
        self._heartbeat.start()
        with ThreadPoolExecutor(THREADS, "delivery") as pool:
            while not self._stopping:
                self._running = {future for future in self._running if not future.done()}
                if len(self._running) == THREADS:
                    wait(self._running, IDLE_SECONDS, FIRST_COMPLETED)
                elif not self._send_due(pool, THREADS - len(self._running)):
                    sleep(IDLE_SECONDS)
        self._heartbeat.stop()

    def stop(self) -> None:
        """Make ``run`` claim nothing more and return; safe in a signal handler."""
        self._stopping = True

    def _send_due(self, pool: ThreadPoolExecutor, most: int) -> bool:
        """Begin what is due, at most so many; return whether more may be due."""
        try:
            claimed = self._deliveries.claim(most, LEASE_SECONDS)
            for delivery in claimed:
                self._begin(pool, delivery)
        except QueueUnavailable as error:
            log.warning("%s", error)
            return False
        return len(claimed) == most

    def _begin(self, pool: ThreadPoolExecutor, delivery: Delivery) -> None:
        receiver = _receiver(delivery)
        if seconds := self._lanes.enter(receiver):
            self._deliveries.postpone(delivery, seconds)
        else:
            self._running.add(pool.submit(self._deliver, delivery, receiver))

    def _deliver(self, delivery: Delivery, receiver: str) -> None:
        with observed(delivery, receiver, self._traces) as span:
            began = monotonic()
            try:
                outcome = self._sender.deliver(delivery)
            except QueueUnavailable as error:
                # Its lease runs out, and it is tried again.
                log.warning("%s", error)
                return
            finally:
                self._lanes.leave(receiver, monotonic() - began)
            tell(span, outcome)
            self._note(delivery, outcome)

    def _note(self, delivery: Delivery, outcome: Outcome) -> None:
        """Write down what came of a try, as soon as Redis is there."""
        attempt = outcome.attempt
        level = logging.INFO if outcome.state is DeliveryState.DELIVERED else logging.WARNING
        said = {
            "state": str(outcome.state),
            **attempt.model_dump(exclude_none=True, exclude={"at"}),
        }
        log.log(level, "delivery tried", extra=said)
        retrying = Retrying(
            retry=retry_if_exception_type(QueueUnavailable),
            stop=self._must_give_up,
            wait=wait_fixed(1),
            reraise=True,
        )
        try:
            retrying(self._deliveries.settle, delivery, *outcome)
        except QueueUnavailable as error:
            log.warning("its try is not noted: %s", error)

    def _must_give_up(self, state: RetryCallState) -> bool:
        return self._stopping or (state.seconds_since_start or 0) > NOTE_SECONDS


def _receiver(delivery: Delivery) -> str:
    """Return the host; the URL itself if it has none, for which a try fails at once."""
    try:
        return host_of(parse_webhook_url(delivery.url))
    except InvalidWebhook:
        return delivery.url
