import base64
import io
import json
from dataclasses import replace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from api.publisher import Publisher
from api.services import EXTENSION
from core.broker import COLORIZE_TASK, QUEUES
from core.jobs import Attempts, Job, JobRequest, JobStore, Priority, Problem, State
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.images import encoded, gradient
from tests.support.jobs import started
from tests.unit.api.conftest import Finish

SOURCE = {"bucket": "tintype", "key": "photos/a.jpg"}
REQUEST = JobRequest(source=ObjectRef(bucket="tintype", key="photos/a.jpg"))


def queued(redis: Redis, priority: Priority = Priority.NORMAL) -> list[tuple[str, list[Any]]]:
    """The messages in a queue: each one's task and its arguments."""
    texts = cast(list[str], redis.lrange(QUEUES[priority], 0, -1))
    messages = [json.loads(text) for text in texts]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    return [
        (message["headers"]["task"], body[0])
        for message, body in zip(messages, bodies, strict=True)
    ]


def test_a_submitted_job_is_answered_with_its_place_and_its_fields(
    client: FlaskClient, jobs: JobStore
) -> None:
    order: dict[str, Any] = {
        "source": SOURCE,
        "destination": {"bucket": "tintype", "key": "colour/a.png"},
        "options": {
            "model": "tint-small",
            "temperature": 0.5,
            "vividness": 0.3,
            "format": "png",
            "quality": 80,
            "on_color": "skip",
            "pages": "first",
            "private_data": "strip",
            "proof": "whole",
        },
    }
    answer = client.post("/v1/jobs", json=order)
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.location == f"/v1/jobs/{answer.json['id']}"
    assert answer.json["options"].items() >= order.pop("options").items()
    assert answer.json | order == answer.json
    assert answer.json["state"] == "queued"
    assert answer.json["attempt"] == 0
    assert set(answer.json) == set(Job.model_fields) - {"owner"}
    assert Job.model_validate_json(answer.data) == jobs.get(answer.json["id"])


def test_a_submitted_job_is_in_the_queue_once(client: FlaskClient, redis: Redis) -> None:
    answer = client.post("/v1/jobs", json={"source": SOURCE})
    assert answer.json is not None
    assert queued(redis) == [(COLORIZE_TASK, [answer.json["id"]])]


def test_the_record_exists_before_the_message(settings: Settings, jobs: JobStore) -> None:
    seen: list[Job] = []

    class Witness(Publisher):
        def publish(self, job: Job) -> None:
            seen.append(jobs.get(job.id))
            super().publish(job)

    app = create_app(settings)
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], publisher=Witness(settings))
    answer = app.test_client().post("/v1/jobs", json={"source": SOURCE})
    assert answer.status_code == 202
    assert [job.state for job in seen] == [State.QUEUED]


def test_an_uploaded_file_is_stored_and_becomes_the_source(
    client: FlaskClient, jobs: JobStore, storage: Storage, redis: Redis
) -> None:
    photo = encoded(gradient())
    form = {
        "file": (io.BytesIO(photo), "grandmother.jpg"),
        "options": '{"temperature": 0.2}',
        "destination": '{"bucket": "tintype", "key": "colour/grandmother.jpg"}',
    }
    answer = client.post("/v1/jobs", data=form)
    assert answer.status_code == 202
    assert answer.json is not None
    job = jobs.get(answer.json["id"])
    assert job.source.key.startswith("uploads/")
    assert job.source.key.endswith("/grandmother.jpg")
    assert storage.fetch(job.source, 10**6).data == photo
    assert job.options.temperature == 0.2
    assert job.destination == ObjectRef(bucket="tintype", key="colour/grandmother.jpg")
    assert queued(redis) == [(COLORIZE_TASK, [job.id])]


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "/a/b.jpg", "a\\..\\b.jpg", "фото"])
def test_an_uploads_name_cannot_leave_its_folder(client: FlaskClient, name: str) -> None:
    answer = client.post("/v1/jobs", data={"file": (io.BytesIO(b"bytes"), name)})
    assert answer.status_code == 202
    assert answer.json is not None
    folder, _unique, file = answer.json["source"]["key"].split("/")
    assert folder == "uploads"
    assert file.strip(".")


@pytest.mark.parametrize("name", ["Бабушка 1931.jpg", "Großmutter.tiff", "祖母.png"])
def test_an_uploads_name_keeps_its_letters(client: FlaskClient, name: str) -> None:
    answer = client.post("/v1/jobs", data={"file": (io.BytesIO(b"bytes"), name)})
    assert answer.json is not None
    assert answer.json["source"]["key"].endswith(f"/{name}")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("image/tiff", "image/tiff"),
        ("image/svg+xml", "application/octet-stream"),
        ("image/a b", "application/octet-stream"),
        ("image/é", "application/octet-stream"),
        (f"image/{'x' * 5000}", "application/octet-stream"),
        ("text/html", "application/octet-stream"),
    ],
)
def test_an_upload_has_a_type_that_browsers_do_not_run(
    client: FlaskClient, storage: Storage, given: str, stored: str
) -> None:
    answer = client.post("/v1/jobs", data={"file": (io.BytesIO(b"bytes"), "a.jpg", given)})
    assert answer.json is not None
    source = ObjectRef(**answer.json["source"])
    assert storage.fetch(source, 100).content_type == stored


def test_two_uploads_of_one_name_do_not_meet(client: FlaskClient) -> None:
    answers = [
        client.post("/v1/jobs", data={"file": (io.BytesIO(b"bytes"), "a.jpg")}) for _ in range(2)
    ]
    assert len({answer.json["source"]["key"] for answer in answers if answer.json}) == 2


def test_a_job_is_looked_at_by_its_id(client: FlaskClient, jobs: JobStore, finish: Finish) -> None:
    job = jobs.create(REQUEST)
    destination = finish(job.id, b"colour")
    answer = client.get(f"/v1/jobs/{job.id}")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["state"] == "succeeded"
    assert answer.json["destination"] == destination.model_dump()
    assert answer.json["model"] == {"name": "stand-in", "digest": "0" * 64}
    assert (answer.json["width"], answer.json["height"]) == (64, 48)
    assert answer.json["timings"]["infer_ms"] == 5.0
    assert answer.json["timings"]["queued_ms"] >= 0
    assert answer.json["created"].endswith("Z")


def test_a_failed_job_says_why(client: FlaskClient, jobs: JobStore, attempts: Attempts) -> None:
    job = jobs.create(REQUEST)
    attempts.fail(started(attempts, job.id), Problem(code="empty_object", detail="no bytes"))
    answer = client.get(f"/v1/jobs/{job.id}")
    assert answer.json is not None
    assert answer.json["error"] == {"code": "empty_object", "detail": "no bytes"}


def test_jobs_are_listed_newest_first(client: FlaskClient, jobs: JobStore) -> None:
    created = [jobs.create(REQUEST).id for _ in range(3)]
    answer = client.get("/v1/jobs")
    assert answer.json is not None
    assert [job["id"] for job in answer.json["jobs"]] == created[::-1]
    assert answer.json["next"] is None


def test_pages_are_complete_and_without_duplicates_while_jobs_arrive(
    client: FlaskClient, jobs: JobStore
) -> None:
    created = [jobs.create(REQUEST).id for _ in range(7)]
    pages: list[list[str]] = []
    query: dict[str, str | int] = {"limit": 3}
    while True:
        answer = client.get("/v1/jobs", query_string=query)
        assert answer.json is not None
        pages.append([job["id"] for job in answer.json["jobs"]])
        if answer.json["next"] is None:
            break
        query["cursor"] = answer.json["next"]
        jobs.create(REQUEST)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [job_id for page in pages for job_id in page] == created[::-1]


def test_an_exactly_full_page_is_the_last_one(client: FlaskClient, jobs: JobStore) -> None:
    for _ in range(2):
        jobs.create(REQUEST)
    answer = client.get("/v1/jobs?limit=2")
    assert answer.json is not None
    assert len(answer.json["jobs"]) == 2
    assert answer.json["next"] is None


def test_a_list_of_one_state_has_no_other(
    client: FlaskClient, jobs: JobStore, attempts: Attempts, finish: Finish
) -> None:
    waiting, running, ended = (jobs.create(REQUEST).id for _ in range(3))
    started(attempts, running)
    finish(ended, b"colour")
    expected = {"queued": [waiting], "running": [running], "succeeded": [ended], "failed": []}
    for state, ids in expected.items():
        answer = client.get("/v1/jobs", query_string={"state": state})
        assert answer.json is not None
        assert [job["id"] for job in answer.json["jobs"]] == ids
