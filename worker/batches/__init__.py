"""The worker's side of batches: reading listings and manifests, making jobs, writing reports."""

from redis import Redis

from core.batches import Steps
from core.batches.entries import Entries
from core.jobs import JobStore
from core.settings import Settings
from core.storage import Storage
from worker.batches.existing import Existing
from worker.batches.expansion import Expansion
from worker.batches.report import Reports
from worker.batches.stepper import Publish, Stepper
from worker.draining import Stopping
from worker.engine_pool import EnginePool


def make_stepper(
    settings: Settings,
    redis: Redis,
    storage: Storage,
    engines: EnginePool,
    publish: Publish,
    stopping: Stopping,
) -> Stepper:
    """Put together what does the steps of batches in one process."""
    steps = Steps(redis, settings.batch_window, settings.max_queued)
    entries = Entries(redis, storage)
    existing = Existing(storage, engines, settings.access)
    return Stepper(
        steps,
        JobStore(redis),
        entries,
        Expansion(storage, existing, settings.access),
        Reports(steps, entries, storage),
        publish,
        stopping,
        settings.storage_patience,
    )
