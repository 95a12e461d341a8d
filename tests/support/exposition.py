"""What Prometheus is told, read as Prometheus reads it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from redis import Redis

from core.jobs.scripts import key
from core.metrics.histograms import HISTOGRAMS
from core.metrics.service import COUNTERS, ServiceCollector
from core.metrics.totals import TOTALS
from worker.loaded import Loaded
from worker.metrics import WorkerCollector


def read(text: str) -> Mapping[str, Metric]:
    """Parse an exposition; families by name, that of counters with ``_total``."""
    return {name_of(family): family for family in text_string_to_metric_families(text)}


def name_of(family: Metric) -> str:
    """Return the name by which a family is asked for."""
    return family.name + ("_total" if family.type == "counter" else "")


def text_of(collector: Collector) -> str:
    """Return what is exposed."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return generate_latest(registry).decode()


def value(families: Mapping[str, Metric], name: str, **labels: str) -> float | None:
    """Return the value of one sample; None if there is none."""
    found = (
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )
    return next(found, None)


def labels_of(family: Metric) -> Sequence[str]:
    """Return the names of a family's labels but the buckets'."""
    return [name for name in family.samples[0].labels if name != "le"]


def of_everything(redis: Redis, loaded: Callable[[], Loaded]) -> Iterable[str]:
    """Return what the API and a worker tell once all has been counted that can be."""
    for field, (_, _, labels) in COUNTERS.items():
        redis.hincrby(key(TOTALS), ":".join((field, *labels)), 1)
    for histogram in HISTOGRAMS:
        for name, count in histogram.observation(0.3, histogram.label).items():
            redis.hincrby(key(TOTALS), name, count)
    redis.set(key("swept"), 1)
    yield text_of(ServiceCollector(redis))
    yield text_of(WorkerCollector(list, loaded()))
