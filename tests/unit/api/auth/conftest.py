import pytest
from flask.testing import FlaskClient

from api.app import create_app
from core.settings import Settings

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
