"""The Redis that operators' commands look at."""

from redis import Redis

from cli.service import stack_value
from core.servers import connect_state
from core.settings import Settings


def operators_redis() -> Redis:
    """Connect to that of the settings, else to that of ``tintype up`` in this folder."""
    return connect_state(operators_settings())


def operators_settings() -> Settings:
    """Return the settings, with the Redis of ``tintype up`` in this folder if they name none."""
    settings = Settings.load()
    if "redis_url" not in settings.model_fields_set and (url := stack_value("redis")):
        settings = settings.model_copy(update={"redis_url": url})
    return settings
