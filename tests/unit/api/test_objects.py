"""Picking photographs from a bucket."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.keys import bearer


@pytest.fixture
def stored(storage: Storage) -> None:
    for name in ("b.JPG", "a.tif", "notes.txt", "deeper/c.jpg", "deeper/d/e.jpg", "no-ending"):
        storage.store(ObjectRef(bucket="tintype", key=f"picking/{name}"), b"bytes", "image/jpeg")
    storage.store(ObjectRef(bucket="tintype", key="picking/empty.jpg"), b"", "image/jpeg")


@pytest.mark.usefixtures("stored")
def test_photographs_and_folders_below_a_prefix_are_listed(client: FlaskClient) -> None:
    page = client.get("/v1/objects?prefix=picking/").json
    assert page == {
        "bucket": "tintype",
        "prefix": "picking/",
        "folders": ["picking/deeper/"],
        "objects": [{"key": "picking/a.tif", "bytes": 5}, {"key": "picking/b.JPG", "bytes": 5}],
        "next": None,
        "writable": True,
        "home": "tintype",
        "places": [{"bucket": "tintype", "prefix": ""}],
    }
    deeper = client.get("/v1/objects?bucket=tintype&prefix=picking/deeper/").json
    assert deeper is not None
    assert [each["key"] for each in deeper["objects"]] == ["picking/deeper/c.jpg"]
    assert deeper["folders"] == ["picking/deeper/d/"]


@pytest.mark.usefixtures("stored")
def test_rules_say_what_may_be_looked_at(settings: Settings) -> None:
    rules = "photos:read, photos/colour/:write, archive/scans/:read, results:write"
    client = create_app(settings.model_copy(update={"buckets": rules})).test_client()
    page = client.get("/v1/objects?prefix=picking/").json
    assert page is not None
    assert page["places"] == [
        {"bucket": "photos", "prefix": ""},
        {"bucket": "archive", "prefix": "scans/"},
        {"bucket": "tintype", "prefix": ""},
    ]
    for query in ("bucket=secret", "bucket=results", "bucket=archive", "bucket=archive&prefix=s"):
        answer = client.get(f"/v1/objects?{query}")
        assert answer.json is not None
        assert (answer.status_code, answer.json["code"]) == (403, "bucket_forbidden"), query


def test_a_bucket_that_is_only_read_is_not_writable(settings: Settings, storage: Storage) -> None:
    storage.ensure_bucket("only-read")
    rules = {"buckets": "only-read:read"}
    client = create_app(settings.model_copy(update=rules)).test_client()
    page = client.get("/v1/objects?bucket=only-read").json
    assert page is not None
    assert (page["writable"], page["home"]) == (False, "tintype")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("bucket=UPPER", 422, "invalid_bucket"),
        ("bucket=arn:aws:s3", 422, "invalid_bucket"),
        ("prefix=../up", 422, "invalid_key"),
        ("bucket=there-is-none", 404, "bucket_not_found"),
        ("what=ever", 422, "invalid_request"),
    ],
)
def test_places_that_cannot_be_are_refused(
    client: FlaskClient, query: str, status: int, code: str
) -> None:
    answer = client.get(f"/v1/objects?{query}")
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.usefixtures("stored")
def test_a_key_that_does_not_reach_the_bucket_of_uploads_begins_where_it_may(
    settings: Settings, redis: Redis
) -> None:
    client = create_app(settings.model_copy(update={"keys": "required"})).test_client()
    headers = bearer(redis, access="results:write, tintype/picking/deeper/:read")
    page = client.get("/v1/objects", headers=headers).json
    assert page
    assert (page["bucket"], page["prefix"]) == ("tintype", "picking/deeper/")
    assert [each["key"] for each in page["objects"]] == ["picking/deeper/c.jpg"]
    blind = bearer(redis, access="results:write")
    assert client.get("/v1/objects", headers=blind).status_code == 403
