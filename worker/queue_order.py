"""In which order a worker looks into its queues."""

from collections.abc import Iterable, Sequence
from itertools import cycle

from core.broker import EVERYBODYS, MODEL, QUEUES, consumed
from core.fleet.records import MOST_MODELS
from core.jobs import Priority
from core.settings import Settings
from models import Catalogue

HIGH, NORMAL, LOW = (QUEUES[priority] for priority in Priority)
# Of ten takes, two begin with normal and one with low: a flood of urgent jobs starves nobody.
TURNS = (HIGH, HIGH, HIGH, NORMAL, HIGH, HIGH, HIGH, NORMAL, HIGH, LOW)
ORDER = (*EVERYBODYS, HIGH, NORMAL, LOW)


def installed(settings: Settings) -> tuple[str, ...]:
    """Return the names of the networks that jobs may name here; the first 20."""
    models = Catalogue.from_settings(settings).models()
    return tuple(model.name for model in models if model.installed)[:MOST_MODELS]


def queues_of(settings: Settings) -> tuple[str, ...]:
    """Return the queues into which a worker looks."""
    models = (f"{MODEL}{name}" for name in installed(settings))
    return (*consumed(settings), *models)


class QueueOrder:
    """Jobs that waited already and steps of batches, then by priority.

    Queues of networks come second when it is the turn of urgent jobs, else first.

    kombu asks before each take (``BRPOP``).
    """

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self._queues = list(queues)
        self._turns = cycle(TURNS)
        self._turn = next(self._turns)

    def update(self, queues: Iterable[str]) -> None:
        """Take note of the queues that are consumed."""
        self._queues = list(queues)

    def consume(self, count: int) -> Sequence[str]:
        """Return the queues in the order in which to look into them."""
        return sorted(self._queues, key=self._place)[:count]

    def rotate(self, last_used: str) -> str:
        """Go on to the next turn: a message has come."""
        self._turn = next(self._turns)
        return last_used

    def _place(self, queue: str) -> tuple[bool, bool, int]:
        if queue.startswith(MODEL):
            # Of any priority: not before what is urgent when that has its turn.
            return True, self._turn == HIGH, ORDER.index(HIGH)
        place = ORDER.index(queue) if queue in ORDER else len(ORDER)
        return queue not in EVERYBODYS, queue != self._turn, place
