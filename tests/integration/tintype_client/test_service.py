"""Both clients against the whole service."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.integration.conftest import MAX_BYTES, Service
from tests.support.clients import KINDS, Kind, open_client
from tests.support.images import decoded, encoded, gradient
from tintype_client import Options, TintypeApiError


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


def test_a_file_goes_and_its_result_comes(service: Service, kind: Kind, tmp_path: Path) -> None:
    photo = tmp_path / "Großmutter.jpg"
    photo.write_bytes(encoded(gradient()))
    with open_client(kind, service.url) as client:
        job = client.wait(client.submit(photo, options=Options(format="png")), timeout=60)
        assert job.state == "succeeded", job.error
        assert job.source.key.endswith("/Großmutter.jpg")
        target = client.download(job, tmp_path / "out.png")
        assert client.result(job) == target.read_bytes()
        assert job.bytes == target.stat().st_size
    assert decoded(target.read_bytes()).shape == (48, 64, 3)


def test_an_object_goes_to_another(service: Service, kind: Kind) -> None:
    source = service.put(f"client/{kind} 1.jpg", encoded(gradient()))
    with open_client(kind, service.url) as client:
        destination = f"s3://tintype/client/out/{kind}.webp"
        job = client.submit(str(source), destination=destination, priority="high", wait=60)
        assert (job.state, job.priority) == ("succeeded", "high")
        assert str(job.destination) == destination
        assert client.look(job) == job
        assert next(iter(client.jobs(state="succeeded"))).id == job.id


def test_events_are_followed_to_the_end(service: Service, kind: Kind) -> None:
    with open_client(kind, service.url) as client:
        job = client.submit(encoded(gradient()), filename="a.jpg")
        events = list(client.iter_events(job))
        assert events[0].type == "snapshot"
        assert events[-1].state == "succeeded"
        assert len({event.id for event in events[1:]}) == len(events) - 1
        assert [event.type for event in client.iter_events(job)] == ["snapshot"]
        assert list(client.iter_events(job, last_event_id=events[-1].id)) == []


def test_a_failed_job_can_be_tried_again(service: Service, kind: Kind) -> None:
    with open_client(kind, service.url) as client:
        job = client.submit(f"s3://tintype/client/missing {kind}.jpg", wait=60)
        assert job.error is not None
        assert job.error.code == "source_not_found"
        again = client.wait(client.retry(job), timeout=60)
        assert (again.id, again.state) == (job.id, "failed")
        assert client.retry_many(code="source_not_found").retried >= 1
        client.wait(again, timeout=60)


def test_a_wrong_order_is_told_by_field(service: Service, kind: Kind) -> None:
    with open_client(kind, service.url) as client:
        with pytest.raises(TintypeApiError) as raised:
            client.submit("s3://tintype/a.jpg", options={"temprature": 1})
        assert raised.value.status == 422
        assert [field["field"] for field in raised.value.fields] == ["options.temprature"]
        with pytest.raises(TintypeApiError, match="job_not_found"):
            client.cancel("no-such")


def test_a_file_that_is_too_large_is_refused_in_words(service: Service, kind: Kind) -> None:
    with open_client(kind, service.url, patience=0) as client:
        with pytest.raises(TintypeApiError) as raised:
            client.submit(bytes(MAX_BYTES + 1))
        assert raised.value.status == 413


def test_networks_and_readiness(service: Service, kind: Kind) -> None:
    with open_client(kind, service.url) as client:
        assert client.ready().ok
        assert [model.name for model in client.models() if model.default] == ["tint-small"]


def _archive(service: Service, name: str) -> str:
    for number in range(3):
        service.put(f"{name}/{number}.jpg", encoded(gradient(seed=number)))
    service.put(f"{name}/broken.jpg", b"no image")
    return f"s3://tintype/{name}/"


def test_a_batch_from_its_dry_run_to_its_report(
    service: Service, kind: Kind, tmp_path: Path
) -> None:
    source, to = _archive(service, f"client {kind}"), f"s3://tintype/colour {kind}/"
    with open_client(kind, service.url) as client:
        dry = client.wait(client.submit_batch(source, to, dry_run=True), timeout=60)
        assert (dry.counts.total, dry.dry_run) == (4, True)
        assert dry.estimate is not None
        assert len(dry.estimate.pairs) == 4
        batch = client.wait(client.submit_batch(source, to, exclude=["2.jpg"]), timeout=60)
        assert (batch.state, batch.counts.succeeded, batch.counts.failed) == ("failed", 2, 1)
        assert batch.codes == {"unsupported_format": 1}
        [failed] = client.batch_jobs(batch, state="failed")
        assert (failed.key, failed.code) == (f"client {kind}/broken.jpg", "unsupported_format")
        assert len(list(client.batch_jobs(batch, page_size=1))) == 3
        assert batch.id in {each.id for each in client.batches(state="failed")}
        rows = list(csv.DictReader(io.StringIO(client.report(batch).decode())))
        assert len(rows) == 3
        path = client.download_report(batch, tmp_path / "report.json", "json")
        assert len(json.loads(path.read_bytes())["jobs"]) == 3
        again = client.wait(client.retry_failed(batch), timeout=60)
        assert (again.id, again.state) == (batch.id, "failed")
        with pytest.raises(TintypeApiError, match="wrong_state"):
            client.pause_batch(batch)
