"""What the views work with; made once per app, and narrowed to who asks for each request."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g
from redis import Redis

from api.callers import ANYBODY, Caller
from api.hooks.rules import SETTING, Rules
from api.hooks.senders import Senders
from api.publisher import Publisher
from api.streams import Slots
from api.waiting import Waiters
from api.webhooks import check_webhook
from core.batches import BatchStore
from core.batches.entries import Entries
from core.buckets import Access
from core.errors import InvalidSetting, TintypeError
from core.jobs import JobStore, Webhook
from core.jobs.deliveries import Deliveries
from core.jobs.events import EventLog
from core.jobs.stats import StatsReader
from core.jobs.uploads import Uploads
from core.keys import KeyStore
from core.servers import connect_broker, connect_state
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
    broker: Redis | None
    """If it is another one."""
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
    stats: StatsReader
    webhook: Webhook | None
    """For orders that name none."""
    senders: Senders
    """Of bucket events."""
    rules: Rules
    keys: KeyStore
    caller: Caller = ANYBODY

    @classmethod
    def from_settings(cls, settings: Settings) -> "Services":
        """Connect lazily: no server has to be up yet.

        Raises:
            InvalidSetting: ``TINTYPE_WEBHOOK_URL`` can never be called, or a rule cannot work.
        """
        redis, storage = connect_state(settings), UploadStorage(settings)
        catalogue = Catalogue.from_settings(settings)
        return cls(
            settings=settings,
            access=settings.access,
            redis=redis,
            broker=connect_broker(settings) if settings.has_own_broker else None,
            jobs=JobStore(redis),
            batches=BatchStore(redis),
            entries=Entries(redis, storage),
            uploads=Uploads(redis, settings.upload_ttl),
            storage=storage,
            publisher=Publisher(settings),
            catalogue=catalogue,
            waiters=Waiters(settings.api_threads // 2),
            events=EventLog(redis),
            streams=Slots(settings.api_threads // 4),
            deliveries=Deliveries(redis),
            stats=StatsReader(redis),
            webhook=_default_webhook(settings),
            senders=Senders.from_settings(settings),
            rules=_rules(settings, catalogue),
            keys=KeyStore(redis),
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


def _rules(settings: Settings, catalogue: Catalogue) -> Rules:
    """Read the rules for bucket events, and check in them what is checked in orders."""
    rules = Rules.load(settings.rules, settings.bucket)
    for number, rule in enumerate(rules.rules, start=1):
        field = "webhook"
        try:
            check_webhook(settings, rule.webhook)
            field = "options.model"
            if rule.options.model is not None:
                catalogue.get(rule.options.model)
        except TintypeError as error:
            where = f"{SETTING}: {settings.rules}: rule {number}, {field}"
            raise InvalidSetting(f"{where}: {error}") from error
    return rules


def services() -> Services:
    """Return the services of this request: with its caller, and the access that is left to it."""
    return cast(Services, g.get("services") or app_services())


def app_services() -> Services:
    """Return the current app's services, whoever asks."""
    return cast(Services, current_app.extensions[EXTENSION])
