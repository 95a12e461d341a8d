"""The Celery app: made from settings, with the network loaded in each child."""

import logging
from functools import partial
from typing import Any

from celery import Celery, Task
from celery.exceptions import Reject
from kombu import Queue

from core.broker import (
    BATCH_TASK,
    COLORIZE_TASK,
    batch_message,
    celery_settings,
)
from core.errors import QueueUnavailable
from core.fleet.dead_letters import DeadLetters, Unreadable
from core.redis_client import connect
from core.settings import Settings
from worker.child import Child
from worker.draining import Drained
from worker.loaded import Loaded
from worker.parent import Parent
from worker.publishing import Publisher
from worker.queue_order import queues_of

log = logging.getLogger(__name__)
HOUR = 3600
"""The report of a batch of millions takes long; its lease is renewed meanwhile."""


def make_app(settings: Settings) -> Celery:
    """Return a worker's app; ``app.worker_main`` starts it."""
    app = Celery("tintype", set_as_current=False)
    app.conf.update(celery_settings(settings))
    app.conf.worker_concurrency = settings.children
    names = queues_of(settings)
    app.conf.task_queues = [Queue(name, routing_key=name) for name in names]
    app.conf.broker_transport = "worker.transport:Transport"
    app.conf.broker_transport_options |= {
        "queue_order_strategy": "worker.queue_order:QueueOrder",
        "put_aside": partial(_put_aside, DeadLetters(connect(settings.redis_url))),
    }
    # One line for a job is ours; Celery's says of a failed one that it succeeded.
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
    loaded = Loaded()
    child = Child(settings, Publisher(app), loaded)
    child.connect()
    Parent(settings, app, loaded).connect()

    @app.task(name=COLORIZE_TASK, bind=True, max_retries=0)
    def colorize(_task: "Task[Any, Any]", job_id: str) -> None:
        """Run one job. What escapes is no fault of the job's: deliver it again.

        Nothing else may escape: a MemoryError would end the worker's parent.
        """
        try:
            child.run(job_id)
        except Drained:
            raise Reject("the worker stops", requeue=True) from None
        except Exception as error:
            log.exception("job %s: given back to the queue", job_id)
            raise Reject(type(error).__name__, requeue=True) from None

    @app.task(name=BATCH_TASK, bind=True, max_retries=0, soft_time_limit=HOUR, time_limit=2 * HOUR)
    def batch(_task: "Task[Any, Any]", batch_id: str) -> None:
        """Do one step of a batch. What escapes is tried again by the sweep."""
        try:
            if child.step(batch_id):
                app.send_task(**batch_message(batch_id))
        except Exception:
            log.exception("batch %s: the sweep will find it", batch_id)

    return app


def _put_aside(letters: DeadLetters, why: Unreadable, queue: str, message: str) -> None:
    """Keep a message that no worker can read; while Redis is away, in the log alone."""
    log.warning("a message in %s is put aside (%s): %.200r", queue, why, message)
    try:
        letters.bury(why, queue, message)
    except QueueUnavailable:
        log.exception("it could not be kept: %.1000r", message)
