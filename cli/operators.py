"""The Redis that operators' commands look at."""

from redis import Redis

from cli.service import stack_value
from core.redis_client import connect
from core.settings import Settings


def operators_redis() -> Redis:
    """Connect to that of the settings, else to that of ``tintype up`` in this folder."""
    settings = Settings.load()
    url = settings.redis_url
    if "redis_url" not in settings.model_fields_set:
        url = stack_value("redis") or url
    return connect(url)
