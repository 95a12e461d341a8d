"""Obeying ``tintype drain``: while its host is drained, a worker takes no messages."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from core.errors import QueueUnavailable
from core.fleet import Drains

log = logging.getLogger(__name__)
INTERVAL = 1.0


class Cordon(threading.Thread):
    """Looks for the mark of its host once a second; what runs is left alone."""

    def __init__(self, drains: Drains, host: str, consumer: Any, queues: Sequence[str]) -> None:
        """``consumer``: Celery's, whose loop runs in another thread."""
        super().__init__(name="cordon", daemon=True)
        self._drains = drains
        self._host = host
        self._consumer = consumer
        self._queues = queues
        self.obeys: str | None = None
        """The mark for which nothing is taken, once that is so."""
        self._cancelled = False
        """Whether the queues were cancelled here; they are not taken from again by themselves."""
        self._stopped = threading.Event()

    def begin(self) -> None:
        """Obey a mark that is there already, before the first message is taken."""
        try:
            self.obeys = self._drains.mark(self._host)
            if self.obeys:
                log.warning("%s is drained: this worker takes nothing", self._host)
                self._cancelled = True
                for queue in self._queues:
                    self._consumer.cancel_task_queue(queue)
        except QueueUnavailable as error:
            log.warning("whether %s is drained is not known yet: %s", self._host, error)
        self.start()

    def run(self) -> None:
        """Look until stopped."""
        while not self._stopped.wait(INTERVAL):
            try:
                self.look()
            except QueueUnavailable:
                # What held holds on.
                continue

    def stop(self) -> None:
        """Look no more: the worker stops, and must not begin to take again."""
        self._stopped.set()

    def look(self) -> None:
        """Take messages, or take none.

        Raises:
            QueueUnavailable: Redis is away.
        """
        consumer = self._consumer.task_consumer
        if consumer is None:
            # Its connection is being made; afterwards, everything is as it was before.
            return
        mark, taken_from = self._drains.mark(self._host), self._taken_from(consumer)
        if mark and taken_from:
            log.warning("%s is to be drained: this worker takes nothing more", self._host)
            self._cancelled = True
            self._call(self._consumer.cancel_task_queue, taken_from)
        elif mark:
            self.obeys = mark
        elif self._cancelled:
            log.warning("%s is drained no longer: this worker takes jobs again", self._host)
            self._call(self._consumer.add_task_queue, self._queues)
            self.obeys, self._cancelled = None, False

    def taken_from(self) -> tuple[str, ...]:
        """Return the queues from which messages are taken now; none while Redis is away."""
        consumer = self._consumer.task_consumer
        return () if consumer is None else self._taken_from(consumer)

    def _taken_from(self, consumer: Any) -> tuple[str, ...]:
        return tuple(queue for queue in self._queues if consumer.consuming_from(queue))

    def _call(self, what: Any, queues: Sequence[str]) -> None:
        for queue in queues:
            self._consumer.call_soon(what, queue)
