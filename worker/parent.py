"""What a worker's parent does beside handing jobs to its children: sweep, expire, drain, report."""

import logging
import os
import socket
from collections.abc import Sequence
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from celery.worker import state as celery_state
from redis import Redis

from core import durability, heartbeats
from core.batches.sweeping import BatchSweeping
from core.broker import AGAIN, BATCHES, QUEUES, batch_message, key_prefix, message
from core.fleet import Drains
from core.jobs.sweeping import Sweeping
from core.jobs.uploads import Uploads
from core.queues import Queues
from core.servers import connect_broker, connect_state
from core.settings import Settings
from core.upload_storage import UploadStorage
from models import Catalogue
from worker.child import limits
from worker.cordon import Cordon
from worker.draining import Drain
from worker.engines import check_engine
from worker.expiry import Expiry
from worker.loaded import Loaded
from worker.metrics import MetricsPort, WorkerCollector
from worker.presence import ParentPresence
from worker.queue_order import queues_of
from worker.sweeper import Sweeper

log = logging.getLogger(__name__)


class Parent:
    """Started when the worker is ready."""

    def __init__(self, settings: Settings, app: Celery, loaded: Loaded) -> None:
        self._settings = settings
        self._loaded = loaded
        self._app = app
        self._pool: Any = None
        self._cordon: Cordon | None = None
        self._presence: ParentPresence | None = None
        self._heartbeat: heartbeats.Heartbeat | None = None
        self._drain = Drain(settings.drain_seconds, self._children)

    def connect(self) -> None:
        """Have Celery say when the worker starts and stops."""
        worker_ready.connect(self._ready, weak=False)
        worker_shutting_down.connect(self._shutting_down, weak=False)
        worker_shutdown.connect(self._gone, weak=False)

    def _ready(self, sender: Any, **_: Any) -> None:
        self._pool = sender.pool
        redis, broker = connect_state(self._settings), connect_broker(self._settings)
        self._appear(sender, redis)
        name = f"{socket.gethostname()}:{os.getpid()}"
        before, kept = key_prefix(self._settings), self._settings.job_ttl
        queues = Queues(broker, (AGAIN, *QUEUES.values()), prefix=before)
        sweeping = Sweeping(redis, limits(self._settings), kept, name, queues)
        batches = BatchSweeping(redis, kept, Queues(broker, (BATCHES,), prefix=before))
        Sweeper(sweeping, self._publish_job, batches, self._publish_batch).start()
        uploads = Uploads(redis, self._settings.upload_ttl)
        Expiry(uploads, UploadStorage(self._settings)).start()
        if self._settings.metrics_port:
            MetricsPort(self._settings, WorkerCollector(self._children, self._loaded)).start()
        for server in (redis, broker) if self._settings.has_own_broker else (redis,):
            for warning in durability.warnings(server).values():
                log.warning(warning)

    def _appear(self, consumer: Any, redis: Redis) -> None:
        """Obey ``tintype drain``, and be seen by ``tintype workers``."""
        queues = queues_of(self._settings)
        cordon = Cordon(Drains(redis), socket.gethostname(), consumer, queues)
        cordon.begin()
        presence = ParentPresence(
            _name(consumer.hostname), cordon.taken_from, lambda: cordon.obeys, _taken
        )
        beats = heartbeats.Heartbeat(redis, heartbeats.PARENTS, presence.tell)
        beats.start()
        self._cordon, self._presence, self._heartbeat = cordon, presence, beats

    def _shutting_down(self, **_: Any) -> None:
        log.info("the worker stops; what runs may finish")
        if self._cordon and self._presence:
            self._cordon.stop()
            self._presence.stopping = True
        self._drain.begin()

    def _gone(self, **_: Any) -> None:
        if self._heartbeat:
            self._heartbeat.stop()

    def _publish_job(self, job_id: str, queue: str) -> None:
        self._app.send_task(**message(job_id, queue))

    def _publish_batch(self, batch_id: str) -> None:
        self._app.send_task(**batch_message(batch_id))

    def _children(self) -> Sequence[int]:
        return self._pool.info["processes"] if self._pool else []


def _name(hostname: str) -> str:
    """Return what the worker is called, without the process and the host behind it."""
    return hostname.partition("@")[0].rpartition("-")[0]


def _taken() -> int:
    """Return how many messages this worker has taken and not done with."""
    return len(celery_state.reserved_requests)


def check(settings: Settings) -> None:
    """Find out in the parent what would keep every child from loading its network.

    Raises:
        UnknownEngine, EngineNotInstalled, UnknownModel, ModelNotInstalled, ModelCorrupt: as
            their names say.
    """
    check_engine(settings.engine)
    Catalogue.from_settings(settings).default().verify()
