"""The workers as operators see them: who they are, what they do, and which are to be emptied."""

from core.fleet.drains import Drains
from core.fleet.queues import QueueReport, read_queues
from core.fleet.reading import read_fleet
from core.fleet.records import ChildBeat, Fleet, ParentBeat, Worker, WorkerState

__all__ = [
    "ChildBeat",
    "Drains",
    "Fleet",
    "ParentBeat",
    "QueueReport",
    "Worker",
    "WorkerState",
    "read_fleet",
    "read_queues",
]
