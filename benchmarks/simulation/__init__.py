"""A model of the service in SimPy: queues, workers, Redis, storage, failures, KEDA."""

from benchmarks.simulation.arrivals import at_once, bursts, poisson
from benchmarks.simulation.cores import Cores
from benchmarks.simulation.fleet import Fleet
from benchmarks.simulation.keda import Keda, Scaler
from benchmarks.simulation.outcome import Outcome, outcome
from benchmarks.simulation.servers import Server
from benchmarks.simulation.shape import Failures, RedisDemand, Shape, SimJob
from benchmarks.simulation.work import Sharing, Work, samples

__all__ = [
    "Cores",
    "Failures",
    "Fleet",
    "Keda",
    "Outcome",
    "RedisDemand",
    "Scaler",
    "Server",
    "Shape",
    "Sharing",
    "SimJob",
    "Work",
    "at_once",
    "bursts",
    "outcome",
    "poisson",
    "samples",
]
