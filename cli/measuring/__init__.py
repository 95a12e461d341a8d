"""Measuring what ``tintype plan`` reckons with: the real service, on this machine."""

from cli.measuring.about import about
from cli.measuring.measure import measure_here, measure_network, measure_redis
from cli.measuring.picture import scene

__all__ = ["about", "measure_here", "measure_network", "measure_redis", "scene"]
