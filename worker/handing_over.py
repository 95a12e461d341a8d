"""Jobs that name a network which only other workers have."""

from collections.abc import Callable

from core.broker import MODEL
from core.errors import ModelElsewhere
from core.jobs import Attempt, Attempts, State
from core.queues import Queues
from worker.problems import as_problem

MOST = 200
"""Messages in the queue of a network: what waits there is not looked after by priority."""
LATER = 60.0
"""Seconds until a job is looked at again that finds no room there."""


class HandOver:
    """Puts jobs into the queue of their network, which is kept short; the others wait."""

    def __init__(
        self, attempts: Attempts, queues: Queues, publish: Callable[[str, str], None]
    ) -> None:
        """``publish``: called with a network and a job."""
        self._attempts = attempts
        self._queues = queues
        self._publish = publish

    def __call__(self, attempt: Attempt, error: ModelElsewhere) -> State | None:
        """Give a job to those that have its network; return its state, None if it is over.

        It may wait for as long as somebody there works, as in any queue.

        Raises:
            QueueUnavailable: Redis or the broker is away; the sweep will find the job.
        """
        has_room = self._queues.length(f"{MODEL}{error.model}") < MOST
        delay = 0 if has_room else LATER
        state = self._attempts.give_back(
            attempt, delay, as_problem(error), published=has_room, patient=True
        )
        if has_room and state is State.QUEUED:
            self._publish(error.model, attempt.job.id)
        return state
