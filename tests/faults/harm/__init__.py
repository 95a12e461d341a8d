"""Ways to do harm, each while jobs are being submitted and worked on."""

from tests.faults.harm import clients, processes, queue, storage
from tests.faults.harm.registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "clients", "processes", "queue", "storage"]
