"""Batches through the whole service: HTTP, a real worker, real storage."""

import csv
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.batches import Batch
from core.jobs import State
from tests.integration.conftest import Service
from tests.support.images import encoded, gradient
from tests.support.waiting import eventually


def order(name: str, **more: Any) -> dict[str, Any]:
    return {
        "source": {"bucket": "tintype", "prefix": f"{name}/"},
        "destination": {"bucket": "tintype", "prefix": f"colour of {name}/"},
        **more,
    }


def submit(service: Service, body: dict[str, Any], **headers: str) -> Batch:
    answer = service.request("POST", "/v1/batches", json=body, headers=headers)
    assert answer.status in (200, 202), answer.data
    return Batch.model_validate_json(answer.data)


def ended(service: Service, batch: Batch) -> Batch:
    def probe() -> Batch | None:
        answer = service.request("GET", f"/v1/batches/{batch.id}", headers={"Prefer": "wait=5"})
        seen = Batch.model_validate_json(answer.data)
        return seen if seen.finished else None

    found = eventually(probe, what=f"the end of batch {batch.id}")
    assert found
    return found


@pytest.fixture(scope="module")
def archive(service: Service) -> str:
    for number in range(12):
        service.put(f"archive/{number:02}.jpg", encoded(gradient(seed=number)))
    service.put("archive/broken.jpg", b"no image")
    service.put("archive/notes.txt", b"about the scans", "text/plain")
    return "archive"


def test_a_whole_prefix_in_one_call(service: Service, archive: str) -> None:
    dry = submit(service, order(archive, dry_run=True))
    assert dry.finished
    assert (dry.counts.total, dry.counts.left_out) == (13, 1)
    assert dry.estimate
    assert len(dry.estimate.pairs) == 13

    batch = ended(service, submit(service, order(archive)))
    assert (batch.counts.succeeded, batch.counts.failed) == (12, 1)
    assert batch.codes == {"unsupported_format": 1}
    assert batch.rate
    for number in range(12):
        head = service.storage._client.head_object(
            Bucket="tintype", Key=f"colour of archive/{number:02}.jpg"
        )
        assert head["ContentType"] == "image/jpeg"

    listed = service.request("GET", f"/v1/batches/{batch.id}/jobs?state=failed")
    [failed] = json.loads(listed.data)["jobs"]
    assert (failed["key"], failed["code"]) == ("archive/broken.jpg", "unsupported_format")
    job = json.loads(service.request("GET", f"/v1/jobs/{failed['job']}").data)
    assert (job["batch"], job["state"]) == (batch.id, State.FAILED)
    assert service.request("POST", f"/v1/jobs/{failed['job']}/retry").status == 409

    report = service.request("GET", f"/v1/batches/{batch.id}/report?download=1")
    assert report.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = [*csv.DictReader(io.StringIO(report.data.decode()))]
    assert len(rows) == 13
    signed = service.request("GET", f"/v1/batches/{batch.id}/report?format=json")
    assert signed.status == 302
    document = json.loads(service.http.request("GET", signed.headers["Location"]).data)
    assert len(document["jobs"]) == 13
    assert document["batch"]["id"] == batch.id

    service.put("archive/broken.jpg", encoded(gradient(seed=99)))
    answer = service.request("POST", f"/v1/batches/{batch.id}/retry-failed")
    assert answer.status == 202
    again = ended(service, batch)
    assert (again.counts.succeeded, again.counts.failed) == (13, 0)

    second = ended(service, submit(service, order(archive)))
    assert (second.counts.skipped, second.counts.total) == (13, 13)


def test_the_same_order_sent_twice_is_one_batch(service: Service, archive: str) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    first = submit(service, order(archive), **headers)
    assert submit(service, order(archive), **headers).id == first.id
    other = service.request(
        "POST", "/v1/batches", json=order(archive, on_existing="overwrite"), headers=headers
    )
    assert (other.status, json.loads(other.data)["code"]) == (422, "idempotency_conflict")
    ended(service, first)
    page = json.loads(service.request("GET", "/v1/batches?limit=500").data)
    assert [each["id"] for each in page["batches"]].count(first.id) == 1


def test_a_bucket_that_is_not_there_fails_the_batch(service: Service) -> None:
    body = order("archive")
    body["source"]["bucket"] = "no-such-bucket"
    batch = ended(service, submit(service, body))
    assert batch.error
    assert (batch.state, batch.error.code) == ("failed", "bucket_not_found")


def test_a_manifest_names_keys_destinations_and_options(service: Service, archive: str) -> None:
    manifest = service.put(
        "lists/m.csv",
        b"key,destination,options\n"
        b"archive/00.jpg,picked/zero.png,\n"
        b'archive/01.jpg,,"{""format"": ""png""}"\n'
        b"archive/missing.jpg,,\n"
        b"../secret,,\n",
        "text/csv",
    )
    body = order(archive)
    body["source"] |= {"manifest": manifest.model_dump()}
    batch = ended(service, submit(service, body))
    assert (batch.counts.succeeded, batch.counts.failed) == (2, 2)
    assert batch.codes == {"source_not_found": 1, "invalid_key": 1}
    found = json.loads(service.request("GET", f"/v1/batches/{batch.id}/jobs").data)["jobs"]
    results = {each["key"]: each["result"] for each in found}
    assert results["archive/00.jpg"] == "picked/zero.png"
    assert results["archive/01.jpg"] == "colour of archive/01.jpg.png"
    assert results["../secret"] is None


def test_the_example_of_the_docs(service: Service, tmp_path: Path) -> None:
    docs = (Path(__file__).parents[3] / "docs" / "batches.md").read_text()
    [script] = re.findall(r"^```bash\n(.*?)^```$", docs, re.MULTILINE | re.DOTALL)
    address = "http://127.0.0.1:8000"
    assert address in script
    service.put("scans/1936/a.jpg", encoded(gradient(seed=7)))
    command = ["bash", "-euo", "pipefail", "-c", script.replace(address, service.url)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    dry = json.loads((tmp_path / "dry.json").read_text())
    assert {"source": "scans/1936/a.jpg", "destination": "colour/1936/a.jpg"} in (
        dry["estimate"]["pairs"]
    )
    rows = [*csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text()))]
    assert ("scans/1936/a.jpg", "colour/1936/a.jpg", "succeeded") in {
        (row["key"], row["result"], row["state"]) for row in rows
    }
