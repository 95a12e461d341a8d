"""Decoding a finished job anew, and what else it left in storage."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from core.jobs import Attempts, Job, JobRequest, JobStore, Options
from core.jobs.records import Variant
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.jobs import RESULT, started


def ref(key: str) -> ObjectRef:
    return ObjectRef(bucket="tintype", key=key)


KEPT = ref("colorized/a.jpg.tintype/distribution")
OPTIONS = Options(temperature=0.5, detail=320, keep_distribution=True)
REQUEST = JobRequest(source=ref("photos/a.jpg"), options=OPTIONS)


@pytest.fixture
def done(jobs: JobStore, attempts: Attempts) -> Callable[..., Job]:
    """Make a job that has succeeded, with more in its result."""

    def make(**more: Any) -> Job:
        job = jobs.create(REQUEST)
        result = RESULT.model_copy(update={"destination": ref("colorized/a.jpg"), **more})
        assert attempts.succeed(started(attempts, job.id), result)
        return jobs.get(job.id)

    return make


def test_it_makes_a_job_with_the_options_that_were_changed(
    client: FlaskClient, done: Callable[..., Job]
) -> None:
    job = done(distribution=KEPT)
    wanted = {"saturation": 1.3, "variants": 3, "hints": [{"at": [0.5, 0.5], "color": "#2e8b57"}]}
    answer = client.post(f"/v1/jobs/{job.id}/redecode", json={"options": wanted})
    assert answer.status_code == 202
    assert answer.json
    assert answer.json["id"] != job.id
    assert answer.location == f"/v1/jobs/{answer.json['id']}"
    assert answer.json["source"] == REQUEST.source.model_dump()
    assert answer.json["distribution"] == KEPT.model_dump()
    assert answer.json["priority"] == "high"
    options = answer.json["options"]
    assert (options["temperature"], options["detail"]) == (0.5, 320)
    assert (options["saturation"], options["variants"]) == (1.3, 3)
    assert options["hints"] == [{"at": [0.5, 0.5], "box": None, "color": "#2e8b57"}]


def test_a_job_that_kept_nothing_cannot_be_decoded_again(
    client: FlaskClient, jobs: JobStore, done: Callable[..., Job]
) -> None:
    for job_id in (done().id, jobs.create(REQUEST).id):
        answer = client.post(f"/v1/jobs/{job_id}/redecode", json={})
        assert answer.status_code == 409
        assert answer.json
        assert answer.json["code"] == "no_distribution"
        assert "keep_distribution" in answer.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"options": {"detail": 448}},
        {"options": {"model": "tint-small"}},
        {"options": {"saturation": 2.1}},
        {"options": {"pages": "all"}},
        {"options": {"hints": [{"color": "#ff0000"}]}},
        {"options": {"hints": [{"at": [0.5, 1.5], "color": "#ff0000"}]}},
        {"options": {"hints": [{"box": [0.5, 0, 0.4, 1], "color": "#ff0000"}]}},
        {"options": {"hints": [{"at": [0, 0], "color": "red"}]}},
        {"options": {"hints": [{"at": [0, 0], "color": "#ffffff"}] * 101}},
        {"source": {"bucket": "tintype", "key": "b.jpg"}},
        {"destination": {"bucket": "tintype", "key": "photos/a.jpg"}},
    ],
)
def test_what_cannot_be_is_refused(
    client: FlaskClient, done: Callable[..., Job], body: dict[str, Any]
) -> None:
    answer = client.post(f"/v1/jobs/{done(distribution=KEPT).id}/redecode", json=body)
    assert answer.status_code == 422


def test_a_reference_has_to_be_readable(settings: Settings) -> None:
    rules = settings.model_copy(update={"buckets": "archive"})
    client = create_app(rules).test_client()
    for bucket, status in (("tintype", 202), ("secret", 403)):
        options = {"reference": {"bucket": bucket, "key": "b.jpg"}}
        order = {"source": REQUEST.source.model_dump(), "options": options}
        assert client.post("/v1/jobs", json=order).status_code == status


def test_other_objects_of_a_job_can_be_downloaded(
    client: FlaskClient, done: Callable[..., Job], storage: Storage
) -> None:
    other, drawn = ref("colorized/a.jpg.tintype/variant-2.jpg"), ref("colorized/a.jpg.tintype/m")
    storage.store(other, b"another", "image/jpeg")
    storage.store(drawn, b"a map", "image/png")
    variants = (Variant(destination=other, likelihood=-0.1),)
    job = done(variants=variants, ambiguity=0.25, ambiguity_map=drawn)
    url = f"/v1/jobs/{job.id}/result?download=1&part="
    assert client.get(url + "variant-2").data == b"another"
    drawing = client.get(url + "ambiguity")
    assert (drawing.data, drawing.mimetype) == (b"a map", "image/png")
    assert client.get(url + "variant-3").status_code == 409
    assert client.get(url + "variant-9").status_code == 422
    shown = client.get(f"/v1/jobs/{job.id}").json
    assert shown
    assert shown["ambiguity"] == 0.25
    assert shown["variants"] == [{"destination": other.model_dump(), "likelihood": -0.1}]
