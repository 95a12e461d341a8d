"""What only a worker's machine knows, on a port of its parent's: memory, engine, network."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import psutil
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.settings import Settings
from worker.loaded import Loaded

log = logging.getLogger(__name__)
RETRY_SECONDS = 5.0


class WorkerCollector(Collector):
    """Looks at this process and its children for each answer."""

    def __init__(self, children: Callable[[], Sequence[int]], loaded: Loaded) -> None:
        """``children``: returns their process ids."""
        self._children = children
        self._loaded = loaded

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        memory = GaugeMetricFamily(
            "tintype_worker_resident_bytes",
            "Resident memory of a worker's parent and of each child; they share some of it.",
            labels=["role", "pid"],
        )
        for role, pids in (("parent", [os.getpid()]), ("child", self._children())):
            for pid in pids:
                if size := _resident(pid):
                    memory.add_metric([role, str(pid)], size)
        yield memory
        if about := self._loaded.read():
            names = sorted(about)
            info = GaugeMetricFamily(
                "tintype_worker_engine_info",
                "Always 1; what the children run by default.",
                labels=names,
            )
            info.add_metric([about[name] for name in names], 1)
            yield info


class MetricsPort(threading.Thread):
    """Opens the port of the settings, as soon as it is free: work goes on without it."""

    def __init__(self, settings: Settings, collector: Collector) -> None:
        super().__init__(name="metrics", daemon=True)
        self._host, self._port = settings.metrics_host, settings.metrics_port
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(collector)

    def run(self) -> None:
        """Try until it is open; the server then has a thread of its own."""
        while not self.open():
            time.sleep(RETRY_SECONDS)

    def open(self) -> bool:
        """Return whether the port could be opened."""
        try:
            start_http_server(self._port, self._host, self._registry)
        except OSError as error:
            place = f"{self._host}:{self._port}"
            log.warning("no metrics at %s (%s); see TINTYPE_METRICS_PORT", place, error)
            return False
        return True


def _resident(pid: int) -> int | None:
    """Return bytes; None if the process has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
