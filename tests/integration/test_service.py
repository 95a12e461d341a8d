"""The main job, whole: HTTP in, Celery work, S3 out."""

import io
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import urllib3
from PIL import Image

from core.jobs import State
from tests.integration.conftest import Service
from tests.support.images import encoded, gradient
from worker.colour import lightness

SAMPLES = Path(__file__).parents[2] / "samples"


def _open(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_photograph_comes_back_in_colour(service: Service) -> None:
    photo = (SAMPLES / "astronaut.jpg").read_bytes()
    source = service.put("family/astronaut.jpg", photo)
    # Another test may have had the same photograph coloured already.
    submitted = service.submit({"source": source.model_dump(), "options": {"force": True}})
    assert submitted.state in (State.QUEUED, State.RUNNING)
    assert UUID(submitted.id).version == 7
    job = service.ended(submitted)
    assert job.state is State.SUCCEEDED, job.error
    assert job.attempt == 1
    assert job.model is not None
    assert job.model.name == "tint-small"
    assert all(value is not None for value in job.timings.model_dump().values())
    assert job.created <= (job.started or job.created) <= (job.finished or job.created)
    before, after = (
        _open(photo),
        _open(service.storage.fetch(job.destination or source, 10**7).data),
    )
    assert (job.width, job.height) == after.size == before.size
    assert after.mode == "RGB"
    colours = np.asarray(after).astype(int)
    assert np.ptp(colours, axis=2).mean() > 5, "the result is grey"
    difference = np.abs(
        lightness(np.asarray(before)).whole() - lightness(np.asarray(after)).whole()
    )
    assert difference.mean() < 1.5, "the lightness has changed"


def test_the_result_carries_where_it_came_from(service: Service) -> None:
    source = service.put("meta.jpg", encoded(gradient(seed=5150)))
    job = service.run(source, destination={"bucket": "tintype", "key": "out/meta.jpg"})
    assert job.destination is not None
    head = service.storage._client.head_object(Bucket="tintype", Key="out/meta.jpg")
    metadata = {name.lower(): value for name, value in head["Metadata"].items()}
    assert head["ContentType"] == "image/jpeg"
    assert head["ContentLength"] == job.bytes
    assert job.model is not None
    assert metadata["tintype-job"] == job.id
    assert metadata["tintype-model-digest"] == job.model.digest
    assert metadata["tintype-source-etag"] == service.storage.fetch(source, 10**7).etag


def test_doing_it_twice_writes_one_object(service: Service) -> None:
    source = service.put("twice.png", encoded(gradient(), "PNG"), "image/png")
    first, second = service.run(source), service.run(source)
    assert first.destination == second.destination
    other = service.run(source, options={"temperature": 0.3})
    assert other.destination != first.destination


@pytest.mark.parametrize(
    ("options", "key", "format"),
    [
        ({"format": "png"}, None, "PNG"),
        ({"format": "webp", "quality": 40}, None, "WEBP"),
        ({}, "out/by-suffix.tiff", "TIFF"),
        ({"format": "jpeg"}, "out/option-wins.png", "JPEG"),
    ],
)
def test_the_format_can_be_chosen(
    service: Service, options: dict[str, object], key: str | None, format: str
) -> None:
    order: dict[str, object] = {"options": options}
    if key:
        order["destination"] = {"bucket": "tintype", "key": key}
    job = service.run(service.put("formats.jpg", encoded(gradient())), **order)
    assert job.destination is not None, job.error
    stored = service.storage.fetch(job.destination, 10**7)
    assert _open(stored.data).format == format
    assert stored.content_type == job.content_type == f"image/{format.lower()}"


def test_a_form_uploads_the_file_too(service: Service) -> None:
    photo = encoded(gradient())
    fields = {
        "file": ("Großmutter 1931.jpg", photo, "image/jpeg"),
        "options": '{"format": "png"}',
    }
    answer = service.request("POST", "/v1/jobs", fields=fields, headers={"Prefer": "wait=60"})
    assert answer.status == 200
    job = answer.json()
    assert job["state"] == "succeeded", job
    assert job["source"]["key"].startswith("uploads/")
    result = service.request("GET", f"/v1/jobs/{job['id']}/result?download=1")
    assert _open(result.data).format == "PNG"


def test_prefer_wait_answers_with_the_finished_job(service: Service) -> None:
    source = service.put("wait.jpg", encoded(gradient()))
    order = {"source": source.model_dump()}
    answer = service.request("POST", "/v1/jobs", json=order, headers={"Prefer": "wait=60"})
    assert answer.status == 200
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["Location"].endswith(f"/v1/jobs/{answer.json()['id']}")


def test_the_result_redirects_to_storage(service: Service) -> None:
    job = service.run(service.put("redirect.jpg", encoded(gradient())))
    assert job.destination is not None
    stored = service.storage.fetch(job.destination, 10**7).data
    answer = service.request("GET", f"/v1/jobs/{job.id}/result")
    assert answer.status == 302
    assert urllib3.request("GET", answer.headers["Location"]).data == stored
    streamed = service.request("GET", f"/v1/jobs/{job.id}/result?download=1")
    assert streamed.data == stored
    assert streamed.headers["Content-Type"] == "image/jpeg"
    assert streamed.headers["Content-Disposition"].startswith("attachment")


def test_jobs_are_listed_by_state_newest_first(service: Service) -> None:
    source = service.put("listed.jpg", encoded(gradient()))
    ids = [service.run(source).id for _ in range(3)]
    page = service.request("GET", "/v1/jobs?state=succeeded&limit=2").json()
    assert [job["id"] for job in page["jobs"]] == ids[:0:-1]
    rest = service.request("GET", f"/v1/jobs?state=succeeded&limit=2&cursor={page['next']}").json()
    assert rest["jobs"][0]["id"] == ids[0]


def test_the_service_is_ready_and_lists_its_models(service: Service) -> None:
    assert service.request("GET", "/healthz").json() == {"status": "ok"}
    ready = service.request("GET", "/readyz")
    assert ready.status == 200
    assert ready.json()["checks"] == {"redis": "ok", "storage": "ok", "workers": "ok"}
    models = {
        model["name"]: model for model in service.request("GET", "/v1/models").json()["models"]
    }
    assert models["tint-small"]["installed"]
    assert models["tint-small"]["default"]
    assert not models["zhang-eccv16"]["installed"]
