"""``/v1/jobs/<id>/deliveries``: what its webhook was told, and telling it again."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel

from api.services import services
from core.errors import DeliveryNotFound
from core.jobs.deliveries import Delivery

bp = APIBlueprint("deliveries", __name__, url_prefix="/v1/jobs", tag="Webhooks")


class DeliveryList(BaseModel):
    """The deliveries of a job, oldest first."""

    deliveries: list[Delivery]


@bp.get("/<job_id>/deliveries")
@bp.output(DeliveryList)
def index(job_id: str) -> Any:
    """List what a job's webhook was told, with every try; URLs are shown without their query."""
    services().jobs.get(job_id)
    found = services().deliveries.of_job(job_id)
    return DeliveryList(deliveries=[_shown(delivery) for delivery in found])


@bp.post("/<job_id>/deliveries/<delivery_id>/redeliver")
@bp.output(Delivery, status_code=202, description="The delivery, due now")
def redeliver(job_id: str, delivery_id: str) -> Any:
    """Send a delivery once more, at once, whatever came of it."""
    services().jobs.get(job_id)
    _find(job_id, delivery_id)
    services().deliveries.redeliver(delivery_id)
    return _shown(_find(job_id, delivery_id))


def _find(job_id: str, delivery_id: str) -> Delivery:
    for delivery in services().deliveries.of_job(job_id):
        if delivery.id == delivery_id:
            return delivery
    raise DeliveryNotFound(f"the job has no delivery with the id {delivery_id!r}")


def _shown(delivery: Delivery) -> Delivery:
    """Leave out the query: it is where URLs have their keys."""
    return delivery.model_copy(update={"url": delivery.url.partition("?")[0]})
