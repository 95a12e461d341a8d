"""A whole service whose worker is killed in the middle of a batch."""

import json
import os
import signal
import threading
from pathlib import Path

import psutil

from cli.stack import Stack, StackOptions
from core.batches import BatchState
from core.settings import Settings
from tests.integration.batches.test_service import ended, order, submit
from tests.integration.conftest import child, running
from tests.support.images import encoded, gradient
from tests.support.standin import write_standin
from tests.support.waiting import eventually

SCANS = [f"archive/{number:03}.jpg" for number in range(150)]


def test_every_key_comes_out_once(tmp_path: Path) -> None:
    model = write_standin(tmp_path / "stand-in")
    settings = Settings(model=str(model), engine="opencv", concurrency=1, batch_window=20)
    stack = Stack(StackOptions(tmp_path / "stack", workers=2), settings, lambda _: None)
    with running(stack) as own:
        watching = threading.Thread(target=stack.watch)
        watching.start()
        try:
            photo = encoded(gradient())
            for number, key in enumerate(SCANS):
                own.put(key, photo + number.to_bytes(2))
            batch = submit(own, order("archive"))

            def done() -> int:
                answer = own.request("GET", f"/v1/batches/{batch.id}")
                return int(json.loads(answer.data)["counts"]["succeeded"])

            eventually(lambda: done() > 30, what="a part of the batch")
            worker = child(stack, "worker-1")
            assert worker.pid
            family = psutil.Process(worker.pid).children(recursive=True)
            for pid in (worker.pid, *(each.pid for each in family)):
                os.kill(pid, signal.SIGKILL)
            found = ended(own, batch)
        finally:
            stack.ask_to_stop()
            watching.join()
        assert found.state is BatchState.SUCCEEDED
        report = own.request("GET", f"/v1/batches/{batch.id}/report?format=json&download=1")
        rows = json.loads(report.data)["jobs"]
        assert [row["key"] for row in sorted(rows, key=lambda row: row["key"])] == SCANS
        assert {row["state"] for row in rows} == {"succeeded"}
