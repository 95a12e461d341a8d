"""The Celery app: made from settings, with the network loaded in each child."""

import logging
from typing import Any

from celery import Celery, Task
from celery.exceptions import Reject
from celery.signals import worker_process_init, worker_process_shutdown

from core.broker import COLORIZE_TASK, celery_settings
from core.cores import cores
from core.heartbeats import Heartbeat
from core.jobs import JobStore
from core.redis_client import connect
from core.settings import Settings
from core.storage import Storage
from models import Catalogue
from worker.engine_pool import EnginePool
from worker.engines import check_engine
from worker.runner import Runner

log = logging.getLogger(__name__)
REDIS_PATIENCE = 20


class Child:
    """What one child process holds; set up after the fork, used by every job."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._heartbeat: Heartbeat | None = None
        self.runner: Runner | None = None

    def set_up(self, **_: Any) -> None:
        """Load and warm the default network, then say that this child is alive.

        Never in the parent: OpenCV's thread pool does not survive a fork. Without its network
        this child ends: Celery would let it take jobs all the same.
        """
        try:
            self._load()
        except Exception as error:
            log.exception("the network cannot be loaded")
            raise SystemExit(1) from error

    def _load(self) -> None:
        settings = self._settings
        redis = connect(settings.redis_url, patience=REDIS_PATIENCE, timeout=5)
        engines = EnginePool(Catalogue.from_settings(settings), settings.engine, threads(settings))
        engine = engines.get()
        model = engine.model
        log.info("loaded %s (%s) with %s", model.name, model.digest[:12], engine.name)
        self.runner = Runner(settings, JobStore(redis), Storage(settings), engines)
        self._heartbeat = Heartbeat(redis)
        self._heartbeat.start()

    def tear_down(self, **_: Any) -> None:
        """Sign off."""
        if self._heartbeat:
            self._heartbeat.stop()


def check(settings: Settings) -> None:
    """Find out in the parent what would keep every child from loading its network.

    Raises:
        UnknownEngine, EngineNotInstalled, UnknownModel, ModelNotInstalled, ModelCorrupt: as
            their names say.
    """
    check_engine(settings.engine)
    Catalogue.from_settings(settings).default().verify()


def threads(settings: Settings) -> int:
    """Return how many threads one forward pass may use: by default, a fair share of the cores."""
    return settings.threads or max(1, cores() // settings.children)


def make_app(settings: Settings) -> Celery:
    """Return a worker's app; ``app.worker_main`` starts it."""
    app = Celery("tintype", set_as_current=False)
    app.conf.update(celery_settings(settings))
    app.conf.worker_concurrency = settings.children
    child = Child(settings)
    worker_process_init.connect(child.set_up, weak=False)
    worker_process_shutdown.connect(child.tear_down, weak=False)

    @app.task(name=COLORIZE_TASK, bind=True, max_retries=0)
    def colorize(_task: "Task[Any, Any]", job_id: str) -> None:
        """Run one job. What escapes is no fault of the job's: deliver it again."""
        assert child.runner is not None, "a child takes no job before it is set up"
        try:
            child.runner.run(job_id)
        except Exception as error:
            log.exception("job %s: given back to the queue", job_id)
            raise Reject(error, requeue=True) from error

    return app
