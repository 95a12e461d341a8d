"""``/v1/models``: the catalogue."""

from typing import Any

from apiflask import APIBlueprint

from api.schemas import ModelInfo, ModelList
from api.services import services

bp = APIBlueprint("models", __name__, url_prefix="/v1/models", tag="Models")


@bp.get("")
@bp.output(ModelList)
def index() -> Any:
    """List the networks that a job may name."""
    catalogue = services().catalogue
    default = catalogue.default().name
    return ModelList(
        models=[
            ModelInfo(
                **model.manifest.model_dump(exclude={"files"}),
                digest=model.digest,
                installed=model.installed,
                default=model.name == default,
            )
            for model in catalogue.models()
        ]
    )
