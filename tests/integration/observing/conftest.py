"""A service that traces to a receiver of the tests' own, and logs objects."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cli.stack import Stack, StackOptions
from core.jobs import Job
from core.settings import Settings
from core.tracing import TraceContext
from tests.integration.conftest import Service, running
from tests.support.otlp import Collector, Told, collecting
from tests.support.waiting import eventually

CLIENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@dataclass(frozen=True)
class Seen:
    """The service, and what it tells."""

    service: Service
    collector: Collector

    def attempts(self, trace_id: str, count: int) -> list[Told]:
        """Wait until so many attempts have been told of a trace."""

        def probe() -> list[Told] | None:
            found = self.collector.of(trace_id, "colorize")
            return found if len(found) == count else None

        return eventually(probe, what=f"{count} attempts of a trace") or []

    def end(self, job: Job) -> Job:
        return self.service.ended(job)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("observed")
    settings = Settings(
        concurrency=1,
        api_processes=1,
        otel=True,
        log_format="json",
        log_level="DEBUG",
        webhook_allow="127.0.0.1",
        downloads_dir=folder / "downloads",
    )
    with collecting() as collector, pytest.MonkeyPatch.context() as patch:
        for name, value in collector.environment.items():
            patch.setitem(os.environ, name, value)
        with running(Stack(StackOptions(folder / "stack"), settings)) as service:
            yield Seen(service, collector)
