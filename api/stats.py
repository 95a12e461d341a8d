"""``/v1/stats``, ``/v1/workers`` and ``/v1/queue``: how the service does, and who waits where."""

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, ConfigDict, Field

from api.services import services
from core.fleet import Fleet, read_fleet
from core.jobs.stats import Stats

MOST_IDS = 100
bp = APIBlueprint("stats", __name__, url_prefix="/v1", tag="Operations")


class PlaceQuery(BaseModel):
    """Query of ``GET /v1/queue``."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[
        list[str],
        Field(min_length=1, max_length=MOST_IDS, description="Of a job; as often as needed."),
    ]


class Places(BaseModel):
    """Where jobs wait."""

    ahead: dict[str, int]
    """By the id of a job: how many of the same or a higher priority wait before it."""


@bp.get("/stats")
@bp.output(Stats)
def stats() -> Any:
    """Look at the queue, the workers, and what ended within the last hour."""
    return services().stats.read()


@bp.get("/workers")
@bp.output(Fleet)
def workers() -> Any:
    """Say who the workers are and what they do, and which hosts are drained."""
    return read_fleet(services().redis)


@bp.get("/queue")
@bp.output(Places)
def places() -> Any:
    """Say how many jobs wait before those that are named; jobs that do not wait are left out."""
    query = PlaceQuery.model_validate({"id": request.args.getlist("id")})
    s = services()
    return Places(ahead=dict(s.stats.ahead(query.id, s.caller.sees)))
