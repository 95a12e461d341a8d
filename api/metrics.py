"""``/metrics``: how the service does, for Prometheus; and the counting of requests."""

from time import perf_counter

from apiflask import APIBlueprint, APIFlask
from flask import Response, g, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api.services import Services, app_services
from core.metrics.histograms import REQUESTS
from core.metrics.service import ServiceCollector
from core.metrics.totals import PENDING, Flusher

NOWHERE = "none"
"""Endpoint of a request whose path leads to none."""
bp = APIBlueprint("metrics", __name__, tag="Metrics")


@bp.get("/metrics")
@bp.doc(responses={200: "Prometheus' text format"})
def metrics() -> Response:
    """Tell Prometheus how the service does; the same whichever process is asked."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(app_services().redis))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def register(app: APIFlask, services: Services) -> None:
    """Have every request counted, with the time until its answer begins."""
    flusher = Flusher(services.redis)

    def begin() -> None:
        g.began = perf_counter()

    def count(response: Response) -> Response:
        endpoint = request.endpoint or NOWHERE
        took = REQUESTS.observation(perf_counter() - g.began, endpoint)
        PENDING.add({f"http_requests:{endpoint}:{response.status_code}": 1} | took)
        flusher.soon()
        return response

    app.before_request(begin)
    app.after_request(count)
