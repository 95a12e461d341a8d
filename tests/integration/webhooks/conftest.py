"""What the tests of webhooks share."""

import pytest

from core.settings import Settings
from webhooks.signature import make_secret


@pytest.fixture
def settings(redis_url: str) -> Settings:
    """Settings of a service that may call receivers on this machine."""
    return Settings(
        redis_url=redis_url, webhook_secret=make_secret(), webhook_allow="127.0.0.0/8, ::1"
    )
