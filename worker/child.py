"""What one child process of a worker holds."""

import logging
import os
from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown
from redis import Redis

from core import logs, tracing
from core.broker import HARD_LIMIT_MARGIN, key_prefix
from core.cores import cores
from core.fleet.networks import Networks
from core.heartbeats import Heartbeat, member
from core.jobs import Attempts, Limits
from core.jobs.traces import Traces
from core.queues import Queues
from core.servers import connect_broker, connect_state
from core.settings import Settings
from core.storage import Storage
from core.tracing import TraceContext
from models import Catalogue
from worker.batches import make_stepper
from worker.batches.stepper import Stepper
from worker.colour import prepare
from worker.draining import Drained, Stopping
from worker.engine_pool import EnginePool
from worker.handing_over import HandOver
from worker.known import KnownResults
from worker.leases import LeaseKeeper
from worker.loaded import Loaded
from worker.memory import MemoryLimit
from worker.native_output import OUTPUT
from worker.presence import ChildPresence
from worker.publishing import Publisher
from worker.queue_order import installed
from worker.runner import Runner

log = logging.getLogger(__name__)
REDIS_PATIENCE = 20


class Child:
    """Set up after the fork, used by every job."""

    def __init__(self, settings: Settings, publish: Publisher, loaded: Loaded) -> None:
        self._settings = settings
        self._loaded = loaded
        self._publish = publish
        self._heartbeat: Heartbeat | None = None
        self.stopping = Stopping()
        self.runner: Runner | None = None
        self._traces: Traces
        self.stepper: Stepper | None = None
        self.presence: ChildPresence | None = None

    def connect(self) -> None:
        """Have Celery set every child up."""
        worker_process_init.connect(self.set_up, weak=False)
        worker_process_shutdown.connect(self.tear_down, weak=False)

    def set_up(self, **_: Any) -> None:
        """Load and warm the default network, then say that this child is alive.

        Never in the parent: OpenCV's thread pool does not survive a fork. Without its network
        this child ends: Celery would let it take jobs all the same.
        """
        OUTPUT.tell_apart()
        logs.bind(worker=member(os.getpid()))
        tracing.start(self._settings, "worker")
        try:
            self._load()
        except Exception as error:
            log.exception("the network cannot be loaded")
            raise SystemExit(1) from error

    def run(self, job_id: str, sent: TraceContext | None = None) -> None:
        """Run a job; see ``Runner.run``.

        Raises:
            Drained: the worker has to stop and the job was not started.
        """
        assert self.runner is not None, "a child takes no job before it is set up"
        if self.stopping.asked:
            raise Drained
        try:
            self.runner.run(job_id, sent)
        finally:
            if self.presence:
                self.presence.ended()

    def step(self, batch_id: str) -> bool:
        """Do a step of a batch; see ``Stepper.run``."""
        assert self.stepper is not None, "a child takes no batch before it is set up"
        assert self.presence is not None, "nor one that nobody sees"
        if self.stopping.asked:
            return False
        with self.presence.stepping(batch_id):
            return self.stepper.run(batch_id, self._traces.of_batch(batch_id))

    def tear_down(self, **_: Any) -> None:
        """Sign off."""
        if self._heartbeat:
            self._heartbeat.stop()
        tracing.stop()

    def _load(self) -> None:
        settings = self._settings
        self.stopping.listen()
        redis = connect_state(settings, patience=REDIS_PATIENCE, timeout=5)
        engines = EnginePool(
            Catalogue.from_settings(settings),
            settings.engine,
            threads(settings),
            MemoryLimit(settings.memory),
            Networks(redis, member(os.getppid())).find,
        )
        engine = engines.get()
        prepare()
        self._loaded.tell(engine)
        model = engine.model
        log.info("loaded %s (%s) with %s", model.name, model.digest[:12], engine.name)
        # A renewal that comes late is worth nothing, so this one does not wait.
        own = connect_state(settings, patience=0.5, timeout=2)
        keeper = LeaseKeeper(_attempts(settings, own), settings.job_timeout + HARD_LIMIT_MARGIN)
        keeper.start()
        storage = Storage(settings)
        attempts = _attempts(settings, redis)
        self._traces = Traces(redis)
        broker = connect_broker(settings, patience=REDIS_PATIENCE, timeout=5)
        queues = Queues(broker, (), prefix=key_prefix(settings))
        self.runner = Runner(
            settings,
            settings.access,
            attempts,
            storage,
            KnownResults(attempts, storage),
            engines,
            keeper,
            self.stopping,
            member(os.getpid()),
            self._traces,
            HandOver(attempts, queues, self._publish.job_for),
        )
        self.stepper = make_stepper(settings, redis, storage, engines, self._publish, self.stopping)
        self.presence = ChildPresence(engine, installed(settings))
        self._heartbeat = Heartbeat(redis, about=self.presence.tell)
        self._heartbeat.start()


def limits(settings: Settings) -> Limits:
    """Return how often and how long a job may be tried."""
    return Limits(settings.max_attempts, settings.job_timeout, settings.storage_patience)


def _attempts(settings: Settings, redis: Redis) -> Attempts:
    return Attempts(redis, limits(settings), settings.job_ttl)


def threads(settings: Settings) -> int:
    """Return how many threads one forward pass may use: by default, a fair share of the cores."""
    return settings.threads or max(1, cores() // settings.children)
