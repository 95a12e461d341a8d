"""What Prometheus is told by a whole service: by any API process, and by each worker's port."""

from pathlib import Path

import psutil

from cli.stack import Stack, StackOptions, servers
from core.jobs import State
from core.settings import Settings
from tests.integration.conftest import Service, child, frozen, running
from tests.support.exposition import read, value
from tests.support.images import encoded, gradient
from tests.support.waiting import eventually


def told(own: Service, name: str, **labels: str) -> float | None:
    text = own.request("GET", "/metrics").data.decode()
    return value(read(text), name, **labels)


def test_a_job_is_seen_in_the_metrics_of_the_service_and_of_its_worker(tmp_path: Path) -> None:
    port = servers.free_port()
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(concurrency=1, metrics_port=port))
    with running(stack) as own:
        assert own.run(own.put("a.jpg", encoded(gradient()))).state is State.SUCCEEDED
        missing = own.run(own.put("b.jpg", b"no picture"))
        assert missing.error
        ended = "tintype_jobs_ended_total"
        assert told(own, ended, state="succeeded", code="", priority="normal") == 1
        assert told(own, ended, state="failed", code=missing.error.code, priority="normal") == 1
        for stage in ("fetch", "decode", "infer", "compose", "encode", "store"):
            assert told(own, "tintype_job_stage_seconds_count", stage=stage) == 1, stage
        # Requests went to either process of the API, and each tells of both.
        name, labels = "tintype_http_requests_total", {"endpoint": "jobs.submit", "status": "202"}
        eventually(lambda: told(own, name, **labels) == 2, what="the count of orders")
        passed = ("tintype_inferences_total", "tintype_inference_batches_total")
        eventually(lambda: [told(own, name) for name in passed] == [1, 1], what="the inference")
        _sees_its_worker(own, child(stack, "worker-1").pid, port)
        _counts_storage_errors(own, stack)


def _sees_its_worker(own: Service, pid: int | None, port: int) -> None:
    def answer() -> str | None:
        try:
            return own.http.request("GET", f"http://127.0.0.1:{port}/metrics").data.decode()
        except OSError:
            return None

    text = eventually(answer, what="the worker's port")
    assert text
    memory = read(text)["tintype_worker_resident_bytes"]
    children = {str(each.pid) for each in psutil.Process(pid).children()}
    found = {sample.labels["pid"]: sample.labels["role"] for sample in memory.samples}
    assert found.pop(str(pid)) == "parent"
    assert {*found.values()} == {"child"}
    assert {*found} <= children
    (info,) = read(text)["tintype_worker_engine_info"].samples
    assert info.labels["model"] == "tint-small"
    assert len(info.labels["digest"]) == 64


def _counts_storage_errors(own: Service, stack: Stack) -> None:
    """Storage hangs while a worker reads: the child counts it, whichever process is asked."""
    source = own.put("c.jpg", encoded(gradient()))
    name, labels = "tintype_storage_errors_total", {"code": "storage_unavailable"}
    with frozen(child(stack, "s3")):
        job = own.submit({"source": source.model_dump()})
        eventually(lambda: told(own, name, **labels), seconds=60, what="the count of errors")
    assert own.ended(job).state is State.SUCCEEDED
    assert told(own, "tintype_jobs_retried_total", reason="storage_unavailable")
