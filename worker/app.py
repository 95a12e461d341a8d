"""The Celery app: made from settings, with the network loaded in each child."""

import logging
from functools import partial
from typing import Any

from celery import Celery, Task
from celery.exceptions import Reject
from kombu import Queue

from core.broker import BATCH_TASK, COLORIZE_TASK, batch_message, celery_settings
from core.errors import QueueUnavailable
from core.fleet.dead_letters import DeadLetters, Unreadable
from core.servers import connect_state
from core.settings import Settings
from core.tracing import TraceContext
from worker.celery_logs import log_as_we_do
from worker.child import Child
from worker.draining import Drained
from worker.loaded import Loaded
from worker.parent import Parent
from worker.publishing import Publisher
from worker.queue_order import queues_of
from worker.transport import transport_for

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
    app.conf.broker_transport = transport_for(settings)
    app.conf.broker_transport_options |= {
        "queue_order_strategy": "worker.queue_order:QueueOrder",
        "put_aside": partial(_put_aside, DeadLetters(connect_state(settings))),
    }
    log_as_we_do(app)
    loaded = Loaded()
    child = Child(settings, Publisher(app), loaded)
    child.connect()
    Parent(settings, app, loaded).connect()

    @app.task(name=COLORIZE_TASK, bind=True, max_retries=0)
    def colorize(task: "Task[Any, Any]", job_id: str) -> None:
        """Run one job. What escapes is no fault of the job's: deliver it again.

        Nothing else may escape: a MemoryError would end the worker's parent.
        """
        try:
            child.run(job_id, sent_from(task))
        except Drained:
            raise Reject("the worker stops", requeue=True) from None
        except Exception as error:
            log.exception("given back to the queue", extra={"job_id": job_id})
            raise Reject(type(error).__name__, requeue=True) from None

    @app.task(name=BATCH_TASK, bind=True, max_retries=0, soft_time_limit=HOUR, time_limit=2 * HOUR)
    def batch(_task: "Task[Any, Any]", batch_id: str) -> None:
        """Do one step of a batch. What escapes is tried again by the sweep."""
        try:
            if child.step(batch_id):
                app.send_task(**batch_message(batch_id))
        except Exception:
            log.exception("the sweep will find the batch", extra={"batch_id": batch_id})

    return app


def sent_from(task: "Task[Any, Any]") -> TraceContext | None:
    """Return the span that sent a task's message; None if it names none."""
    headers = task.request.headers or {}
    return TraceContext.of(headers.get("traceparent"), headers.get("tracestate"))


def _put_aside(letters: DeadLetters, why: Unreadable, queue: str, message: str) -> None:
    """Keep a message that no worker can read; while Redis is away, in the log alone."""
    log.warning("a message in %s is put aside (%s): %.200r", queue, why, message)
    try:
        letters.bury(why, queue, message)
    except QueueUnavailable:
        log.exception("it could not be kept: %.1000r", message)
