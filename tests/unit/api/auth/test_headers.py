"""What browsers are told, with answers of every kind."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from core.settings import Settings
from tests.unit.api.auth.conftest import ORDER

SITE = "https://photos.example.org"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/jobs"),
        ("POST", "/v1/batches"),
        ("GET", "/openapi.json"),
        ("OPTIONS", "/v1/jobs"),
    ],
)
def test_nothing_of_an_answer_runs(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "Strict-Transport-Security" not in answer.headers


def test_answers_of_the_api_are_not_kept(client: FlaskClient) -> None:
    assert client.post("/v1/jobs", json=ORDER).headers["Cache-Control"] == "no-store"


def test_transport_security_is_asked_for_by_tls_alone(client: FlaskClient) -> None:
    answer = client.get("/healthz", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_documentation_runs_its_own_scripts_and_no_others(client: FlaskClient) -> None:
    answer = client.get("/docs/")
    policy = answer.headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    inline = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert inline
    for each in inline:
        digest = b64encode(sha256(each.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in scripts
    with client.get("/docs/swagger-ui.css") as part:
        assert "script-src 'self';" in part.headers["Content-Security-Policy"]


def test_pages_of_other_sites_are_not_let_in(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.open("/v1/jobs", method=method, headers={"Origin": SITE})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_pages_of_listed_sites_are_let_in_with_a_key_and_without_cookies(
    locked: Settings,
) -> None:
    both = locked.model_copy(update={"cors_origins": f"{SITE}, http://localhost:3000"})
    client = create_app(both).test_client()
    asks = {
        "Origin": SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    preflight = client.options("/v1/jobs", headers=asks)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == SITE
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    answer = client.get("/v1/jobs", headers={"Origin": "http://localhost:3000"})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    for origin in ("https://evil.example", f"{SITE}.evil.example", "null", "http://localhost:3001"):
        refused = client.get("/v1/jobs", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in refused.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_cannot_have_a_browser_send_forms(
    settings: Settings, site: str
) -> None:
    client = create_app(settings.model_copy(update={"cors_origins": SITE})).test_client()
    form = {"options": "{}"}
    headers = {"Sec-Fetch-Site": site, "Origin": "https://evil.example"}
    refused = client.post("/v1/jobs", data=form, headers=headers)
    assert refused.status_code == 403
    assert refused.json
    assert refused.json["code"] == "csrf_refused"
    assert client.get("/v1/jobs", headers=headers).status_code == 200
    for good in ({"Sec-Fetch-Site": "same-origin"}, headers | {"Origin": SITE}):
        assert client.post("/v1/jobs", json=ORDER, headers=good).status_code == 202


def test_without_tls_browsers_tell_the_origin_alone(settings: Settings) -> None:
    changes = {"cors_origins": SITE, "allow_anonymous": True}
    client = create_app(settings.model_copy(update=changes)).test_client()
    host = "192.168.0.5:8000"
    for origin in ("http://evil.example", f"http://{host}1", "null", "http://[x", ""):
        headers = {"Host": host, "Origin": origin}
        refused = client.post("/v1/jobs/retry", headers=headers)
        assert (refused.status_code, refused.json and refused.json["code"]) == (403, "csrf_refused")
        assert client.get("/v1/jobs", headers=headers).status_code == 200
    for origin in (SITE, f"http://{host}"):
        headers = {"Host": host, "Origin": origin}
        assert client.post("/v1/jobs", json=ORDER, headers=headers).status_code == 202


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_without_keys_this_machine_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/v1/jobs", "/v1/session", "/docs/"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example"])
def test_names_that_lead_here_from_elsewhere_are_not(
    client: FlaskClient, path: str, host: str
) -> None:
    answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.json and answer.json["code"]) == (403, "host_refused")


def test_any_name_will_do_for_an_api_that_is_open_to_all_or_needs_keys(
    settings: Settings, guarded: FlaskClient
) -> None:
    headers = {"Host": "tintype.example"}
    open_to_all = create_app(settings.model_copy(update={"allow_anonymous": True})).test_client()
    assert open_to_all.get("/v1/jobs", headers=headers).status_code == 200
    assert guarded.get("/v1/jobs", headers=headers).status_code == 401
    assert guarded.get("/healthz", headers=headers).status_code == 200


@pytest.mark.parametrize(("host", "status"), [("box.lan:8000", 200), ("evil.example", 403)])
@pytest.mark.parametrize("anonymous", [False, True])
def test_names_can_be_added(settings: Settings, host: str, status: int, anonymous: bool) -> None:
    more = {"hosts": "Box.lan, other", "allow_anonymous": anonymous}
    client = create_app(settings.model_copy(update=more)).test_client()
    assert client.get("/v1/jobs", headers={"Host": host}).status_code == status
