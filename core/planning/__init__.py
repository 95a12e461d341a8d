"""How large a service has to be, reckoned from measured figures; no I/O but the file of rates."""

from core.planning.fit import Fit, Line, fit
from core.planning.plan import Demand, Layout, Plan, plan_for, time_with
from core.planning.rates import STAGES, Network, Rates, Size, Stage

__all__ = [
    "STAGES",
    "Demand",
    "Fit",
    "Layout",
    "Line",
    "Network",
    "Plan",
    "Rates",
    "Size",
    "Stage",
    "fit",
    "plan_for",
    "time_with",
]
