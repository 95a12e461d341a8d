import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import create_app
from core.jobs import Attempts, JobStore
from core.settings import Settings
from tests.support.jobs import SKIPPED, started
from tests.unit.api.conftest import Finish

OPEN = ("/healthz", "/readyz", "/v1/hooks/s3")
SOURCE = {"bucket": "tintype", "key": "photos/a.jpg"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json is not None
    return dict(answer.json)


def assert_fits(document: dict[str, Any], body: object, schema: str) -> None:
    """The body is what the document promises under that name."""
    OAS31Validator(document | {"$ref": f"#/components/schemas/{schema}"}).validate(body)


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_lists_every_path_with_its_methods(document: dict[str, Any]) -> None:
    paths = {path: set(operations) for path, operations in document["paths"].items()}
    assert paths == {
        "/v1/jobs": {"get", "post"},
        "/v1/jobs/{job_id}": {"get"},
        "/v1/jobs/{job_id}/result": {"get"},
        "/v1/jobs/{job_id}/cancel": {"post"},
        "/v1/jobs/{job_id}/retry": {"post"},
        "/v1/jobs/{job_id}/redecode": {"post"},
        "/v1/jobs/{job_id}/events": {"get"},
        "/v1/jobs/{job_id}/deliveries": {"get"},
        "/v1/jobs/{job_id}/deliveries/{delivery_id}/redeliver": {"post"},
        "/v1/jobs/retry": {"post"},
        "/v1/batches": {"get", "post"},
        "/v1/batches/{batch_id}": {"get"},
        "/v1/batches/{batch_id}/jobs": {"get"},
        "/v1/batches/{batch_id}/pause": {"post"},
        "/v1/batches/{batch_id}/resume": {"post"},
        "/v1/batches/{batch_id}/cancel": {"post"},
        "/v1/batches/{batch_id}/retry-failed": {"post"},
        "/v1/batches/{batch_id}/report": {"get"},
        "/v1/batches/{batch_id}/deliveries": {"get"},
        "/v1/batches/{batch_id}/deliveries/{delivery_id}/redeliver": {"post"},
        "/v1/uploads": {"post"},
        "/v1/uploads/{upload_id}": {"get", "delete"},
        "/v1/uploads/{upload_id}/complete": {"post"},
        "/v1/hooks/s3": {"post"},
        "/v1/events": {"get"},
        "/v1/session": {"get", "post", "delete"},
        "/v1/models": {"get"},
        "/v1/objects": {"get"},
        "/v1/stats": {"get"},
        "/v1/workers": {"get"},
        "/metrics": {"get"},
        "/v1/queue": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
    }


def test_both_bodies_of_an_order_are_documented(document: dict[str, Any]) -> None:
    submit = document["paths"]["/v1/jobs"]["post"]
    content = submit["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/JobRequest"}
    form = content["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    assert set(form["properties"]) == {"file", "destination", "options", "priority", "webhook"}
    assert [parameter["name"] for parameter in submit["parameters"]] == [
        "Prefer",
        "Idempotency-Key",
    ]
    assert {"200", "202"} <= set(submit["responses"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"#/components/schemas/([\w.]+)", repr(document)))
    assert {"Job", "JobRequest", "ObjectRef", "Options", "ProblemDocument"} <= names
    assert names <= set(document["components"]["schemas"])


def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            problems = {
                status: set(response["content"])
                for status, response in operation["responses"].items()
                if not status.startswith(("2", "3"))
            }
            assert "default" in problems
            assert all(kinds == {"application/problem+json"} for kinds in problems.values())


@pytest.mark.parametrize("keys", ["off", "required"])
def test_every_operation_says_which_key_it_needs(settings: Settings, keys: str) -> None:
    app = create_app(settings.model_copy(update={"keys": keys}))
    document = app.test_client().get("/openapi.json").json
    assert document
    assert set(document["components"]["securitySchemes"]) == {"key", "session"}
    optional: list[dict[str, Any]] = [{}] if keys == "off" else []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            open_to_all = path in OPEN or (method, path) == ("post", "/v1/session")
            wanted = [] if open_to_all else [*optional, {"key": []}, {"session": []}]
            assert operation["security"] == wanted, path
            assert open_to_all or {"401", "403", "429"} <= set(operation["responses"])
    assert document["paths"]["/v1/jobs"]["post"]["description"].endswith("Scope: `submit`.")


def test_a_result_is_documented_as_a_redirect_and_as_an_image(document: dict[str, Any]) -> None:
    responses = document["paths"]["/v1/jobs/{job_id}/result"]["get"]["responses"]
    assert {"200", "302", "409"} <= set(responses)
    assert "image/*" in responses["200"]["content"]


def test_answers_are_what_the_document_promises(
    client: FlaskClient, document: dict[str, Any], jobs: JobStore, finish: Finish
) -> None:
    order = {"source": SOURCE, "options": {"temperature": 0.5}}
    assert_fits(document, order, "JobRequest")
    answer = client.post("/v1/jobs", json=order)
    assert_fits(document, answer.json, "Job")
    (job,) = jobs.list()[0]
    finish(job.id, b"colour")
    assert_fits(document, client.get(f"/v1/jobs/{job.id}").json, "Job")
    assert_fits(document, client.get("/v1/jobs").json, "JobPage")
    assert_fits(document, client.get("/v1/models").json, "ModelList")
    assert_fits(document, client.get("/v1/stats").json, "Stats")
    assert_fits(document, client.get("/v1/workers").json, "Fleet")
    assert_fits(document, client.get(f"/v1/queue?id={job.id}").json, "Places")
    assert_fits(document, client.get("/v1/objects").json, "ObjectPage")
    wanted = {"filename": "a.tif", "bytes": 10, "content_type": "image/tiff"}
    assert_fits(document, wanted, "UploadRequest")
    upload = client.post("/v1/uploads", json=wanted)
    assert_fits(document, upload.json, "NewUpload")
    assert_fits(document, client.get(upload.location).json, "Upload")
    assert_fits(document, client.get("/v1/jobs/none").json, "ProblemDocument")


def test_a_skipped_job_is_what_the_document_promises(
    client: FlaskClient, document: dict[str, Any], jobs: JobStore, attempts: Attempts
) -> None:
    order = {"source": SOURCE, "options": {"on_color": "skip"}}
    assert_fits(document, order, "JobRequest")
    assert client.post("/v1/jobs", json=order).status_code == 202
    (job,) = jobs.list()[0]
    attempts.skip(started(attempts, job.id), SKIPPED)
    answer = client.get(f"/v1/jobs/{job.id}").json
    assert_fits(document, answer, "Job")
    assert answer
    assert (answer["skipped"], answer["chroma"]) == ("already_color", 17.46)


def test_the_docs_page_shows_the_document_and_loads_nothing_from_elsewhere(
    client: FlaskClient,
) -> None:
    answer = client.get("/docs", follow_redirects=True)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "/openapi.json" in page
    assert set(re.findall(r"//([^/\"'\s]+)/", page)) <= {"localhost"}
    assert '"validatorUrl": "none"' in page
    files = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert files
    for file in files:
        assert file.startswith("/docs/")
        part = client.get(file)
        assert part.status_code == 200
        part.close()


def test_a_slash_at_the_end_does_not_matter(client: FlaskClient) -> None:
    assert client.get("/v1/models/").json == client.get("/v1/models").json
