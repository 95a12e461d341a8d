"""``…/<id>/deliveries`` of jobs and batches: what the webhook was told, and telling it again."""

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel

from api.services import services
from core.errors import DeliveryNotFound
from core.jobs.deliveries import Delivery

bp = APIBlueprint("deliveries", __name__, url_prefix="/v1", tag="Webhooks")


class DeliveryList(BaseModel):
    """The deliveries of a job or a batch, oldest first."""

    deliveries: list[Delivery]


@bp.get("/jobs/<job_id>/deliveries")
@bp.output(DeliveryList)
def of_job(job_id: str) -> Any:
    """List what a job's webhook was told, with every try; URLs are shown without their query."""
    return DeliveryList(deliveries=[_shown(each) for each in _of_job(job_id)])


@bp.get("/batches/<batch_id>/deliveries")
@bp.output(DeliveryList)
def of_batch(batch_id: str) -> Any:
    """List what a batch's webhook was told, with every try; URLs are shown without their query."""
    return DeliveryList(deliveries=[_shown(each) for each in _of_batch(batch_id)])


@bp.post("/jobs/<job_id>/deliveries/<delivery_id>/redeliver")
@bp.output(Delivery, status_code=202, description="The delivery, due now")
def redeliver_of_job(job_id: str, delivery_id: str) -> Any:
    """Send a delivery once more, at once, whatever came of it."""
    _redeliver(_of_job(job_id), delivery_id)
    return _shown(_find(_of_job(job_id), delivery_id))


@bp.post("/batches/<batch_id>/deliveries/<delivery_id>/redeliver")
@bp.output(Delivery, status_code=202, description="The delivery, due now")
def redeliver_of_batch(batch_id: str, delivery_id: str) -> Any:
    """Send a delivery once more, at once, whatever came of it."""
    _redeliver(_of_batch(batch_id), delivery_id)
    return _shown(_find(_of_batch(batch_id), delivery_id))


def _of_job(job_id: str) -> Sequence[Delivery]:
    services().jobs.get(job_id)
    return services().deliveries.of_job(job_id)


def _of_batch(batch_id: str) -> Sequence[Delivery]:
    services().batches.get(batch_id)
    return services().deliveries.of_batch(batch_id)


def _redeliver(deliveries: Sequence[Delivery], delivery_id: str) -> None:
    services().deliveries.redeliver(_find(deliveries, delivery_id).id)


def _find(deliveries: Sequence[Delivery], delivery_id: str) -> Delivery:
    for delivery in deliveries:
        if delivery.id == delivery_id:
            return delivery
    raise DeliveryNotFound(f"there is no delivery with the id {delivery_id!r}")


def _shown(delivery: Delivery) -> Delivery:
    """Leave out the query: it is where URLs have their keys."""
    return delivery.model_copy(update={"url": delivery.url.partition("?")[0]})
