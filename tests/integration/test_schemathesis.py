"""Whatever the OpenAPI document allows, and what it does not, is answered as it says; never 5xx."""

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from redis import Redis
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api import batches, requests, streams
from api.app import create_app
from core.heartbeats import WORKERS
from core.namespace import key
from core.settings import Settings
from tests.support.keys import bearer

EXAMPLES = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
DOCUMENT: dict[str, Any] = create_app(Settings()).test_client().get("/openapi.json").json or {}
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
NOT_ALL_IS_SAID: list[Any] = [positive_data_acceptance]
"""What the document allows may still be refused: a bucket's name that can be none, a cursor."""
RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "job_id": ("/v1/jobs", {"source": {"bucket": "tintype", "key": "photos/a.jpg"}}),
    "batch_id": (
        "/v1/batches",
        {
            "source": {"bucket": "tintype", "prefix": "photos/"},
            "destination": {"bucket": "tintype", "prefix": "colour/"},
        },
    ),
    "upload_id": ("/v1/uploads", {"filename": "a.jpg", "bytes": 10}),
}
"""Where something is made that cases may name, and how."""


@dataclass(frozen=True)
class Api:
    """An API under test."""

    schema: BaseSchema
    made: Mapping[str, str]

    def try_out(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Send what fits the document and what does not; every other case names what is there."""
        numbers = count()
        for mode in GenerationMode:
            operation = self.schema[path][method.upper()]

            @EXAMPLES
            @given(operation.as_strategy(generation_mode=mode))
            def check(case: Case[Any]) -> None:
                if next(numbers) % 2:
                    for name in set(case.path_parameters or {}) & set(self.made):
                        case.path_parameters[name] = self.made[name]
                case.call_and_validate(headers=dict(headers), excluded_checks=[*NOT_ALL_IS_SAID])

            with nullcontext() if mode is GenerationMode.POSITIVE else suppress(Unsatisfiable):
                # Nothing can be wrong with a request that has no parameters.
                check()


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch, redis: Redis) -> None:
    """Streams end at once, nobody waits for jobs, and a worker seems to be there."""
    monkeypatch.setattr(streams, "LONGEST", 0.0)
    monkeypatch.setattr(requests, "MAX_WAIT", 0.0)
    monkeypatch.setattr(batches, "DRY_RUN_WAIT", 0.0)
    redis.zadd(key(WORKERS), {"host:1": 10**12})


@cache
def load(settings: Settings) -> BaseSchema:
    """Read the document of an API with these settings."""
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(settings))


def started(settings: Settings, redis_url: str, keys: str, headers: Mapping[str, str]) -> Api:
    """Return an API in which something is there to be named."""
    changes = {"redis_url": redis_url, "keys": keys, "max_bytes": 100_000}
    schema = load(settings.model_copy(update=changes))
    client = schema.app.test_client()
    made = {
        name: (client.post(path, json=order, headers=dict(headers)).json or {})["id"]
        for name, (path, order) in RECORDS.items()
    }
    return Api(schema, made)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_where_keys_are_off(s3_settings: Settings, redis_url: str, method: str, path: str) -> None:
    started(s3_settings, redis_url, "off", {}).try_out(method, path, {})


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_with_a_key(
    s3_settings: Settings, redis_url: str, redis: Redis, method: str, path: str
) -> None:
    headers = bearer(redis, "admin")
    started(s3_settings, redis_url, "required", headers).try_out(method, path, headers)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_key_where_one_is_needed(
    s3_settings: Settings, redis_url: str, redis: Redis, method: str, path: str
) -> None:
    started(s3_settings, redis_url, "required", bearer(redis)).try_out(method, path, {})
