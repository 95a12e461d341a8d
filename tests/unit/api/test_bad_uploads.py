"""Uploads that nobody in good faith asks for."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from core.objects import ObjectRef
from core.storage import Storage
from core.upload_storage import MAX_PARTS
from tests.unit.api.conftest import LARGE
from tests.unit.api.test_bad_requests import NOBODY, assert_problem
from tests.unit.api.test_uploads import FILE, WANTED, begun, put, state

BAD = [
    ("nothing", {}, 422, "invalid_request"),
    ("no size", {"filename": "a.jpg"}, 422, "invalid_request"),
    ("no bytes at all", WANTED | {"bytes": 0}, 422, "invalid_request"),
    ("a negative size", WANTED | {"bytes": -1}, 422, "invalid_request"),
    ("half a byte", WANTED | {"bytes": 1.5}, 422, "invalid_request"),
    ("a size in quotes", WANTED | {"bytes": "12"}, 422, "invalid_request"),
    ("a size that is true", WANTED | {"bytes": True}, 422, "invalid_request"),
    ("one byte too many", WANTED | {"bytes": 100_001}, 413, "object_too_large"),
    ("a huge size", WANTED | {"bytes": 10**40}, 413, "object_too_large"),
    ("a name that is a number", WANTED | {"filename": 5}, 422, "invalid_request"),
    ("an unknown field", WANTED | {"bucket": "photos"}, 422, "invalid_request"),
    ("a page", WANTED | {"content_type": "text/html"}, 422, "invalid_request"),
    ("a drawing", WANTED | {"content_type": "image/svg+xml"}, 422, "invalid_request"),
    ("two headers", WANTED | {"content_type": "image/png\r\nX: y"}, 422, "invalid_request"),
    ("a line break", WANTED | {"content_type": "image/png\n"}, 422, "invalid_request"),
    ("a list of types", WANTED | {"content_type": "image/png, text/html"}, 422, "invalid_request"),
    ("a long type", WANTED | {"content_type": "image/" + "x" * 100}, 422, "invalid_request"),
]


@pytest.mark.parametrize(
    ("body", "status", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_upload_is_refused(
    client: FlaskClient, redis: Redis, body: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post("/v1/uploads", data=json.dumps(body), content_type="application/json")
    assert_problem(answer, status, code)
    assert redis.keys("{tintype}:upload*") == []


PARTS = [
    ("nothing", {}),
    ("no parts", {"parts": []}),
    ("part 0", {"parts": [{"number": 0, "etag": "x"}]}),
    ("a part too far", {"parts": [{"number": MAX_PARTS + 1, "etag": "x"}]}),
    ("a part without a tag", {"parts": [{"number": 1, "etag": ""}]}),
    ("a tag with a line break", {"parts": [{"number": 1, "etag": "a\n"}]}),
    ("a long tag", {"parts": [{"number": 1, "etag": "x" * 201}]}),
    ("a part twice", {"parts": [{"number": 1, "etag": "x"}] * 3}),
    ("a part too many", {"parts": [{"number": n, "etag": "x"} for n in range(MAX_PARTS + 1)]}),
]


@pytest.mark.parametrize("body", [case[1] for case in PARTS], ids=[case[0] for case in PARTS])
def test_bad_parts_are_refused(large: FlaskClient, body: dict[str, Any]) -> None:
    upload = begun(large, bytes=LARGE)
    answer = large.post(f"/v1/uploads/{upload['id']}/complete", json=body)
    assert_problem(answer, 422, "invalid_request")
    assert state(large, upload) == "pending"


@pytest.mark.parametrize("name", [NOBODY, "none", "*", "a%00b", "x" * 10_000, "%2e%2e"])
def test_an_unknown_upload_is_not_found(client: FlaskClient, name: str) -> None:
    path, body = f"/v1/uploads/{name}", {"parts": [{"number": 1, "etag": "x"}]}
    answers = (client.get(path), client.delete(path), client.post(f"{path}/complete", json=body))
    for answer in answers:
        assert_problem(answer, 404, "upload_not_found")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\a.tif", "a.tif"),
        ("..", "photo"),
        ("", "photo"),
        ("a\r\n\0b.jpg", "ab.jpg"),
        ("x" * 10_000 + ".jpg", "x" * 196 + ".jpg"),
        ("祖" * 10_000 + ".jpg", "祖" * 65 + ".jpg"),
        ("Großmutter & 100%+?#.jpg", "Großmutter & 100%+?#.jpg"),
    ],
)
def test_a_name_becomes_the_end_of_a_key_that_storage_takes(
    client: FlaskClient, storage: Storage, name: str, end: str
) -> None:
    upload = begun(client, filename=name)
    prefix, folder, last = upload["source"]["key"].split("/")
    assert (prefix, folder, last) == ("uploads", upload["id"], end)
    assert put(upload["url"], FILE, upload["headers"]) == 200
    assert storage.fetch(ObjectRef(**upload["source"]), 100).data == FILE
