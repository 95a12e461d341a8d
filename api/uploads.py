"""``/v1/uploads``: photographs straight into storage, without its credentials."""

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from flask import request, url_for

from api import uploading
from api.requests import parse_json
from api.services import services
from api.upload_schemas import NewUpload, UploadedParts, UploadRequest
from core.jobs.uploads import Upload

bp = APIBlueprint("uploads", __name__, url_prefix="/v1/uploads", tag="Uploads")


@bp.post("")
@bp.output(NewUpload, status_code=201, description="Where to PUT the file")
def create() -> Any:
    """Ask for a URL to which a photograph can be PUT.

    PUT the file with the headers that are named, then submit a job with the ``source``. A large
    file gets ``parts`` instead: PUT each, keep the ETag of each answer, and complete the upload.
    What no job has used at ``kept_until`` is deleted.
    """
    upload = uploading.begin(services(), parse_json(request, UploadRequest))
    return upload, HTTPStatus.CREATED, {"Location": url_for("uploads.show", upload_id=upload.id)}


@bp.get("/<upload_id>")
@bp.output(Upload)
def show(upload_id: str) -> Any:
    """Look at an upload; one that was used or has expired is remembered for a day."""
    return uploading.look(services(), upload_id)


@bp.post("/<upload_id>/complete")
@bp.output(Upload)
@bp.doc(responses={409: "Storage has other parts, or it has none", 410: "It has expired"})
def complete(upload_id: str) -> Any:
    """Join the parts of a large file; as often as you like."""
    parts = parse_json(request, UploadedParts)
    return uploading.complete(services(), upload_id, parts.etags)


@bp.delete("/<upload_id>")
@bp.output({}, status_code=204)
@bp.doc(responses={409: "A job uses it"})
def delete(upload_id: str) -> Any:
    """Delete an upload that no job uses; as often as you like."""
    uploading.abandon(services(), upload_id)
    return "", HTTPStatus.NO_CONTENT
