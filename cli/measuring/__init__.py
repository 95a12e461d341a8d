"""Measuring what ``tintype plan`` reckons with: the real service, on this machine."""

from cli.measuring.measure import SIZES, Sizes, measure_network, measure_redis
from cli.measuring.picture import scene

__all__ = ["SIZES", "Sizes", "measure_network", "measure_redis", "scene"]
