"""Buckets that a key reaches: what its own rules and TINTYPE_BUCKETS both allow."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from core.batches import BatchStore
from core.jobs import JobStore
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.jobs import RESULT, started
from tests.support.keys import bearer, make_key

RULES = "photos/ann/:read, photos/ann/colour/:write, photos/colorized/:write, archive:read"


def ref(key: str, bucket: str = "photos") -> dict[str, str]:
    return {"bucket": bucket, "key": key}


@pytest.fixture
def limited(locked: Settings) -> FlaskClient:
    """The service itself may use photos alone, and the bucket of uploads."""
    return create_app(locked.model_copy(update={"buckets": "photos, other"})).test_client()


@pytest.fixture
def ann(redis: Redis) -> Mapping[str, str]:
    return bearer(redis, access=RULES)


def code(client: FlaskClient, path: str, order: Any, headers: Mapping[str, str]) -> tuple[int, str]:
    answer = client.post(path, json=order, headers=headers)
    assert answer.json
    return answer.status_code, answer.json.get("code", "")


@pytest.mark.parametrize(
    "order",
    [
        {"source": ref("ann/a.jpg")},
        {"source": ref("ann/a.jpg"), "destination": ref("ann/colour/a.jpg")},
        {"source": ref("ann/a.jpg"), "options": {"reference": ref("ann/b.jpg")}},
    ],
)
def test_what_both_allow_is_accepted(
    limited: FlaskClient, ann: Mapping[str, str], order: dict[str, Any]
) -> None:
    assert code(limited, "/v1/jobs", order, ann) == (202, "")


@pytest.mark.parametrize(
    "order",
    [
        {"source": ref("bob/a.jpg")},
        {"source": ref("a.jpg", "other")},
        {"source": ref("a.jpg", "archive")},
        {"source": ref("a.jpg", "tintype")},
        {"source": ref("ann/a.jpg"), "destination": ref("ann/a.png")},
        {"source": ref("ann/a.jpg"), "destination": ref("a.jpg", "tintype")},
        {"source": ref("ann/a.jpg"), "options": {"reference": ref("bob/b.jpg")}},
        {"source": ref("ann/a.jpg"), "distribution": ref("bob/distribution")},
    ],
)
def test_what_one_of_them_does_not_allow_is_refused(
    limited: FlaskClient, ann: Mapping[str, str], order: dict[str, Any]
) -> None:
    assert code(limited, "/v1/jobs", order, ann) == (403, "bucket_forbidden")


def test_the_refusal_says_who_may_not(limited: FlaskClient, ann: Mapping[str, str]) -> None:
    answer = limited.post("/v1/jobs", json={"source": ref("bob/a.jpg")}, headers=ann)
    assert answer.json
    assert answer.json["detail"] == "this key may not read s3://photos/bob/a.jpg"


@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [
        ({"prefix": "ann/"}, {"prefix": "ann/colour/"}, 202),
        ({"prefix": "ann/box-1/"}, {"prefix": "ann/colour/box-1/"}, 202),
        ({"prefix": ""}, {"prefix": "ann/colour/"}, 403),
        ({"prefix": "an"}, {"prefix": "ann/colour/"}, 403),
        ({"prefix": "ann/"}, {"prefix": "bob/"}, 403),
        ({"manifest": ref("bob/list.csv")}, {"prefix": "ann/colour/"}, 403),
        ({"manifest": ref("ann/list.csv")}, {"prefix": "ann/colour/"}, 202),
    ],
)
def test_batches_are_held_to_the_keys_rules(
    limited: FlaskClient,
    ann: Mapping[str, str],
    source: dict[str, Any],
    destination: dict[str, Any],
    status: int,
) -> None:
    order = {
        "source": {"bucket": "photos", **source},
        "destination": {"bucket": "photos", **destination},
    }
    assert code(limited, "/v1/batches", order, ann)[0] == status


def test_a_batch_takes_the_rules_along(
    limited: FlaskClient, ann: Mapping[str, str], redis: Redis
) -> None:
    order = {
        "source": {"bucket": "photos", "manifest": ref("ann/list.csv")},
        "destination": {"bucket": "photos", "prefix": "ann/colour/"},
    }
    made = limited.post("/v1/batches", json=order, headers=ann).json
    assert made
    assert BatchStore(redis).get(made["id"]).access == RULES


def test_own_uploads_need_no_rule(guarded: FlaskClient, ann: Mapping[str, str]) -> None:
    wanted = {"filename": "a.tif", "bytes": 10, "content_type": "image/tiff"}
    upload = guarded.post("/v1/uploads", json=wanted, headers=ann).json
    assert upload
    order: dict[str, Any] = {"source": upload["source"]}
    assert code(guarded, "/v1/jobs", order, ann) == (202, "")
    order["destination"] = ref("anywhere.png", "tintype")
    assert code(guarded, "/v1/jobs", order, ann) == (403, "bucket_forbidden")
    order["destination"] = ref("ann/colour/a.png")
    assert code(guarded, "/v1/jobs", order, ann) == (202, "")


def test_a_job_that_the_caller_sees_can_be_decoded_again(
    guarded: FlaskClient, redis: Redis, jobs: JobStore, attempts: Any
) -> None:
    key, text = make_key(redis, access=RULES)
    headers = {"Authorization": f"Bearer {text}"}
    wanted = {"filename": "a.tif", "bytes": 10, "content_type": "image/tiff"}
    upload = guarded.post("/v1/uploads", json=wanted, headers=headers).json
    assert upload
    order = {"source": upload["source"], "options": {"keep_distribution": True}}
    made = guarded.post("/v1/jobs", json=order, headers=headers).json
    assert made
    kept = RESULT.model_copy(update={"distribution": RESULT.destination})
    assert attempts.succeed(started(attempts, made["id"]), kept)
    redis.delete(f"{{tintype}}:upload:{upload['id']}")  # It was used more than a day ago.
    path = f"/v1/jobs/{made['id']}/redecode"
    assert code(guarded, path, {"options": {"saturation": 1.2}}, headers) == (202, "")
    elsewhere = {"destination": ref("bob/a.png")}
    assert code(guarded, path, elsewhere, headers) == (403, "bucket_forbidden")
    assert jobs.get(made["id"]).owner == key.owner


def test_a_key_without_rules_reaches_what_the_service_may_use(
    limited: FlaskClient, redis: Redis
) -> None:
    headers = bearer(redis)
    assert code(limited, "/v1/jobs", {"source": ref("bob/a.jpg")}, headers) == (202, "")
    assert code(limited, "/v1/jobs", {"source": ref("a.jpg", "archive")}, headers)[0] == 403


def test_a_key_whose_rules_have_nothing_in_common_with_the_services_reaches_nothing(
    limited: FlaskClient, redis: Redis
) -> None:
    headers = bearer(redis, access="archive")
    for bucket in ("archive", "photos", "other", "tintype"):
        order = {"source": ref("a.jpg", bucket)}
        assert code(limited, "/v1/jobs", order, headers) == (403, "bucket_forbidden")


def test_a_key_lists_what_it_reaches_and_sees_the_source_of_its_own_job(
    limited: FlaskClient, ann: Mapping[str, str], storage: Storage
) -> None:
    listed = limited.get("/v1/objects?bucket=photos&prefix=bob/", headers=ann)
    assert listed.status_code == 403
    wanted = {"filename": "a.png", "bytes": 68, "content_type": "image/png"}
    upload = limited.post("/v1/uploads", json=wanted, headers=ann).json
    assert upload
    storage.store(ObjectRef(**upload["source"]), b"\x89PNG\r\n\x1a\n", "image/png")
    job = limited.post("/v1/jobs", json={"source": upload["source"]}, headers=ann).json
    assert job
    shown = limited.get(f"/v1/jobs/{job['id']}/result?part=source&inline=1", headers=ann)
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
