"""Batches: many jobs from one order, and what becomes of each key."""

from core.batches.records import (
    Batch,
    BatchDestination,
    BatchRequest,
    BatchSource,
    BatchState,
    Counts,
    Entry,
    EntryState,
    OnExisting,
)
from core.batches.steps import Progress, Steps
from core.batches.store import BatchStore

__all__ = [
    "Batch",
    "BatchDestination",
    "BatchRequest",
    "BatchSource",
    "BatchState",
    "BatchStore",
    "Counts",
    "Entry",
    "EntryState",
    "OnExisting",
    "Progress",
    "Steps",
]
