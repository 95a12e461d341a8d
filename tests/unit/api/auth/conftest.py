from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from api.app import create_app
from core.settings import Settings
from tests.support.keys import bearer

SOURCE = {"bucket": "tintype", "key": "photos/a.jpg"}
ORDER = {"source": SOURCE}


@pytest.fixture
def locked(settings: Settings) -> Settings:
    """Settings of an API that needs keys."""
    return settings.model_copy(update={"keys": "required"})


@pytest.fixture
def guarded(locked: Settings) -> FlaskClient:
    """A client of an API that needs keys; it keeps no cookies."""
    return create_app(locked).test_client(use_cookies=False)


@pytest.fixture
def browser(locked: Settings) -> FlaskClient:
    """The same with cookies."""
    return create_app(locked).test_client()


@dataclass(frozen=True, eq=False)
class User:
    """A client with a key."""

    client: FlaskClient
    headers: Mapping[str, str]

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **more)

    def made(self, path: str, order: object, **headers: str) -> dict[str, Any]:
        answer = self.ask("POST", path, json=order, headers=headers)
        assert answer.status_code in (201, 202), answer.text
        return dict(answer.json or {})

    def listed(self, path: str) -> list[str]:
        """The ids of all pages of a listing."""
        found, cursor, start = [], "", f"{path}{'&' if '?' in path else '?'}limit=2"
        while True:
            page = self.ask("GET", start + cursor).json
            assert page, path
            found += [each["id"] for each in page.get("jobs", page.get("batches"))]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"


@pytest.fixture
def ann(guarded: FlaskClient, redis: Redis) -> User:
    return User(guarded, bearer(redis))


@pytest.fixture
def bob(guarded: FlaskClient, redis: Redis) -> User:
    return User(guarded, bearer(redis))


@pytest.fixture
def admin(guarded: FlaskClient, redis: Redis) -> User:
    return User(guarded, bearer(redis, "admin"))
