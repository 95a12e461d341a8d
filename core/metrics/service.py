"""The metrics of the whole service, the same whichever process is asked."""

from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis

from core.errors import QueueUnavailable
from core.metrics.histograms import HISTOGRAMS
from core.metrics.snapshot import Counted, Snapshot, take

COUNTERS = {
    "created": ("tintype_jobs_created", "Jobs that were accepted.", ("priority",)),
    "ended": (
        "tintype_jobs_ended",
        "Jobs that ended; code says why they failed.",
        ("state", "code", "priority"),
    ),
    "attempts": ("tintype_attempts_started", "Attempts that workers started.", ()),
    "retried": (
        "tintype_jobs_retried",
        "Running jobs that were queued again; reason is the code of an error, worker_stopped or "
        "lease_expired.",
        ("reason",),
    ),
    "leases_expired": (
        "tintype_leases_expired",
        "Leases that ran out: their workers died, hung, or lost Redis.",
        (),
    ),
    "inferences": ("tintype_inferences", "Pictures that went through a network.", ()),
    "inference_batches": (
        "tintype_inference_batches",
        "Forward passes of a network; pictures for each are the size of a batch.",
        (),
    ),
    "webhook_tries": (
        "tintype_webhook_tries",
        "Tries to deliver a webhook; of those that are pending another follows.",
        ("outcome",),
    ),
    "dead_letters": (
        "tintype_dead_letters",
        "Messages that no worker could read and that were put aside.",
        ("why",),
    ),
    "storage_errors": (
        "tintype_storage_errors",
        "Requests to storage that it refused or did not answer, of the API and of workers' "
        "children.",
        ("code",),
    ),
    "http_requests": (
        "tintype_http_requests",
        "Requests that the API answered.",
        ("endpoint", "status"),
    ),
}
"""By their name in the totals: name (without _total), help, labels."""


class ServiceCollector(Collector):
    """Reads Redis for each answer; while that is away, there is ``tintype_redis_up`` alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        try:
            snapshot = take(self._redis)
        except QueueUnavailable:
            snapshot = None
        yield _gauge("tintype_redis_up", "Whether Redis could be read.", snapshot is not None)
        build = GaugeMetricFamily("tintype_build_info", "Always 1.", labels=["version"])
        build.add_metric([version("tintype")], 1)
        yield build
        if snapshot:
            yield from _now(snapshot)
            yield from _counters(snapshot.totals)
            for histogram in HISTOGRAMS:
                yield histogram.family(snapshot.totals.get(histogram.field, {}))


def _now(snapshot: Snapshot) -> Iterator[Metric]:
    jobs = GaugeMetricFamily(
        "tintype_jobs",
        "Jobs that are remembered; held ones wait in a paused batch.",
        labels=["state"],
    )
    for state, count in snapshot.states.items():
        jobs.add_metric([state], count)
    length = GaugeMetricFamily("tintype_queue_jobs", "Jobs that wait.", labels=["priority"])
    oldest = GaugeMetricFamily(
        "tintype_queue_oldest_seconds",
        "Time since the oldest waiting job was made; 0 if none waits.",
        labels=["priority"],
    )
    for priority, count in snapshot.queued.items():
        length.add_metric([priority], count)
        oldest.add_metric([priority], snapshot.oldest[priority])
    yield from (jobs, length, oldest)
    yield _gauge("tintype_worker_children", "Workers' children that are alive.", snapshot.children)
    yield _gauge("tintype_webhook_senders", "Webhook processes that are alive.", snapshot.senders)
    yield _gauge("tintype_webhook_pending", "Deliveries that are to be tried.", snapshot.due)
    if snapshot.swept is not None:
        yield _gauge("tintype_sweep_age_seconds", "Time since the last sweep.", snapshot.swept)


def _counters(totals: Counted) -> Iterator[Metric]:
    for field, (name, text, labels) in COUNTERS.items():
        family = CounterMetricFamily(name, text, labels=labels)
        # What has no labels is known to be 0 before it is counted.
        for values, count in sorted(totals.get(field, {} if labels else {(): 0}).items()):
            family.add_metric(values, count)
        yield family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))
