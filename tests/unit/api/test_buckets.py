"""Buckets that may not be used: refused before storage is asked, with nothing told about them."""

import io

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from core.jobs import JobStore
from core.settings import Settings

SOURCE = {"bucket": "photos", "key": "a.jpg"}


@pytest.fixture
def guarded(settings: Settings) -> FlaskClient:
    rules = "photos:read, photos/colour/:write"
    return create_app(settings.model_copy(update={"buckets": rules})).test_client()


@pytest.mark.parametrize(
    "order",
    [
        {"source": {"bucket": "secret", "key": "a.jpg"}},
        {"source": {"bucket": "no-such-bucket", "key": "a.jpg"}},
        {"source": SOURCE},
        {"source": SOURCE, "destination": {"bucket": "photos", "key": "b.jpg"}},
        {"source": SOURCE, "destination": {"bucket": "secret", "key": "b.jpg"}},
    ],
)
def test_a_forbidden_place_is_refused(
    guarded: FlaskClient, jobs: JobStore, order: dict[str, object]
) -> None:
    answer = guarded.post("/v1/jobs", json=order)
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"]) == (403, "bucket_forbidden")
    assert jobs.list() == ([], None)


def test_an_allowed_place_is_not(guarded: FlaskClient) -> None:
    order = {"source": SOURCE, "destination": {"bucket": "photos", "key": "colour/a.jpg"}}
    assert guarded.post("/v1/jobs", json=order).status_code == 202


def test_an_upload_needs_no_rule_but_its_destination_does(guarded: FlaskClient) -> None:
    file = (io.BytesIO(b"bytes"), "a.jpg")
    assert guarded.post("/v1/jobs", data={"file": file}).status_code == 202
    form = {
        "file": (io.BytesIO(b"bytes"), "a.jpg"),
        "destination": '{"bucket": "secret", "key": "a.jpg"}',
    }
    assert guarded.post("/v1/jobs", data=form).status_code == 403
