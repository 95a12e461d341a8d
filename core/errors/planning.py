"""Errors of planning."""

from core.errors.base import PermanentError


class InvalidRates(PermanentError):
    """Raised when a file of measured figures cannot be read, or says what cannot be."""

    code = "invalid_rates"


class RatesMissing(PermanentError):
    """Raised when nothing was measured of what is asked for."""

    code = "rates_missing"


class PlanImpossible(PermanentError):
    """Raised when what is asked for cannot be planned: no service would be large enough."""

    code = "plan_impossible"
