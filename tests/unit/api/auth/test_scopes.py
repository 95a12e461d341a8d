"""Which endpoint wants which scope: by the app's own map of URLs, so that none is forgotten."""

import uuid

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from api.auth import scopes
from core.settings import Settings
from tests.support.keys import bearer
from tests.unit.api.auth.conftest import ORDER

ID = str(uuid.uuid4())
GROUPS = (scopes.OPEN, scopes.ANY, scopes.SUBMIT, scopes.READ, scopes.METRICS)
NAMED = frozenset().union(*GROUPS)


@pytest.fixture
def app(locked: Settings) -> APIFlask:
    return create_app(locked)


def test_every_endpoint_is_named_once_or_is_for_admins(app: APIFlask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert sum(map(len, GROUPS)) == len(NAMED)
    # Who the workers are is no single user's.
    for_admins = {"static", "stats.workers"}
    assert endpoints - NAMED == for_admins, "state its scope in api/auth/scopes.py"


def test_what_nobody_named_is_for_admins_alone(
    app: APIFlask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scopes, "READ", scopes.READ - {"models.index"})
    client = app.test_client()
    refused = client.get("/v1/models", headers=bearer(redis, "submit", "read"))
    assert (refused.status_code, refused.json and refused.json["code"]) == (403, "scope_missing")
    assert client.get("/v1/models", headers=bearer(redis, "admin")).status_code == 200


def test_without_a_key_nothing_but_what_is_open_answers(app: APIFlask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", ID).replace(f"<path:{name}>", "a")
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(path, method=method)
            if rule.endpoint in scopes.OPEN:
                assert answer.headers.get("WWW-Authenticate", "") != "Bearer", path
            else:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert method == "HEAD" or (answer.json or {})["code"] == "key_required"
            answer.close()


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/docs/", "/"])
def test_probes_and_the_documentation_are_open(guarded: FlaskClient, path: str) -> None:
    with guarded.get(path) as answer:
        assert answer.status_code in (200, 302)


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"), [("submit", "POST", "GET"), ("read", "GET", "POST")]
)
def test_a_key_does_what_it_is_for(
    guarded: FlaskClient, redis: Redis, scope: str, allowed: str, refused: str
) -> None:
    headers = bearer(redis, scope)
    good = guarded.open("/v1/jobs", method=allowed, json=ORDER, headers=headers)
    assert good.status_code in (200, 202)
    bad = guarded.open("/v1/jobs", method=refused, json=ORDER, headers=headers)
    assert bad.status_code == 403
    assert bad.json
    assert bad.json["code"] == "scope_missing"


def test_an_admin_does_everything(guarded: FlaskClient, redis: Redis) -> None:
    headers = bearer(redis, "admin")
    assert guarded.post("/v1/jobs", json=ORDER, headers=headers).status_code == 202
    assert guarded.get("/v1/jobs", headers=headers).status_code == 200


def test_what_watches_and_scales_sees_numbers_alone(guarded: FlaskClient, redis: Redis) -> None:
    headers = bearer(redis, "metrics")
    for path in ("/metrics", "/v1/stats"):
        assert guarded.get(path, headers=headers).status_code == 200
    for path in ("/v1/jobs", "/v1/objects", "/v1/events", "/v1/queue?id=a"):
        assert guarded.get(path, headers=headers).status_code == 403
    assert guarded.post("/v1/jobs", json=ORDER, headers=headers).status_code == 403
