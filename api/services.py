"""What the views work with; made once per app."""

from dataclasses import dataclass
from typing import cast

from flask import current_app
from redis import Redis

from api.publisher import Publisher
from api.streams import Slots
from api.waiting import Waiters
from core.jobs import JobStore
from core.jobs.deliveries import Deliveries
from core.jobs.events import EventLog
from core.redis_client import connect
from core.settings import Settings
from core.storage import Storage
from models import Catalogue

EXTENSION = "tintype"


@dataclass(frozen=True)
class Services:
    """Everything a view may call."""

    settings: Settings
    redis: Redis
    jobs: JobStore
    storage: Storage
    publisher: Publisher
    catalogue: Catalogue
    waiters: Waiters
    events: EventLog
    streams: Slots
    deliveries: Deliveries

    @classmethod
    def from_settings(cls, settings: Settings) -> "Services":
        """Connect lazily: no server has to be up yet."""
        redis = connect(settings.redis_url)
        return cls(
            settings=settings,
            redis=redis,
            jobs=JobStore(redis),
            storage=Storage(settings),
            publisher=Publisher(settings),
            catalogue=Catalogue.from_settings(settings),
            waiters=Waiters(settings.api_threads // 2),
            events=EventLog(redis),
            streams=Slots(settings.api_threads // 4),
            deliveries=Deliveries(redis),
        )


def services() -> Services:
    """Return the current app's services."""
    return cast(Services, current_app.extensions[EXTENSION])
