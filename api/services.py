"""What the views work with; made once per app."""

from dataclasses import dataclass
from typing import cast

from flask import current_app
from redis import Redis

from api.publisher import Publisher
from api.streams import Slots
from api.waiting import Waiters
from api.webhooks import check_webhook
from core.batches import BatchStore, Entries
from core.buckets import Access
from core.errors import InvalidSetting, TintypeError
from core.jobs import JobStore, Webhook
from core.jobs.deliveries import Deliveries
from core.jobs.events import EventLog
from core.jobs.uploads import Uploads
from core.redis_client import connect
from core.settings import Settings
from core.upload_storage import UploadStorage
from models import Catalogue

EXTENSION = "tintype"


@dataclass(frozen=True)
class Services:
    """Everything a view may call."""

    settings: Settings
    access: Access
    redis: Redis
    jobs: JobStore
    batches: BatchStore
    entries: Entries
    uploads: Uploads
    storage: UploadStorage
    publisher: Publisher
    catalogue: Catalogue
    waiters: Waiters
    events: EventLog
    streams: Slots
    deliveries: Deliveries
    webhook: Webhook | None
    """For orders that name none."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Services":
        """Connect lazily: no server has to be up yet.

        Raises:
            InvalidSetting: ``TINTYPE_WEBHOOK_URL`` can never be called.
        """
        redis, storage = connect(settings.redis_url), UploadStorage(settings)
        return cls(
            settings=settings,
            access=settings.access,
            redis=redis,
            jobs=JobStore(redis),
            batches=BatchStore(redis),
            entries=Entries(redis, storage),
            uploads=Uploads(redis, settings.upload_ttl),
            storage=storage,
            publisher=Publisher(settings),
            catalogue=Catalogue.from_settings(settings),
            waiters=Waiters(settings.api_threads // 2),
            events=EventLog(redis),
            streams=Slots(settings.api_threads // 4),
            deliveries=Deliveries(redis),
            webhook=_default_webhook(settings),
        )


def _default_webhook(settings: Settings) -> Webhook | None:
    if settings.webhook_url is None:
        return None
    webhook = Webhook(url=settings.webhook_url)
    try:
        check_webhook(settings, webhook)
    except TintypeError as error:
        raise InvalidSetting(f"TINTYPE_WEBHOOK_URL: {error}") from error
    return webhook


def services() -> Services:
    """Return the current app's services."""
    return cast(Services, current_app.extensions[EXTENSION])
