"""The client's records against those of the service."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from api import schemas
from core import objects
from core.batches import records as core_batches
from core.jobs import options as core_options
from core.jobs import records as core_jobs
from tintype_client import Job, Options, batch_models, models

PAIRS: list[tuple[type[BaseModel], type[BaseModel]]] = [
    (models.ObjectRef, objects.ObjectRef),
    *((getattr(models, name), getattr(core_options, name)) for name in ("Options", "Hint")),
    *((getattr(models, name), getattr(core_jobs, name)) for name in (
        "Problem", "ModelRef", "Timings", "Variant", "Job",
    )),
    *((getattr(batch_models, name), getattr(core_batches, name)) for name in (
        "BatchSource", "BatchDestination", "Counts", "Pair", "Estimate", "Batch", "Entry",
    )),
    (models.Retried, schemas.Retried),
]  # fmt: skip
JOB = {
    "id": "1",
    "state": "running",
    "attempt": 1,
    "source": {"bucket": "photos", "key": "a.jpg"},
    "created": "2026-11-25T01:00:00.000Z",
}


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda model: model.__name__)
def test_a_record_has_every_field_that_the_service_sends(
    ours: type[BaseModel], theirs: type[BaseModel]
) -> None:
    sent = {name for name, field in theirs.model_fields.items() if not field.exclude}
    missing = sent - set(ours.model_fields)
    assert missing == set()
    required = {name for name, field in ours.model_fields.items() if field.is_required()}
    assert required <= set(theirs.model_fields)


def test_what_a_newer_server_says_is_kept() -> None:
    job = Job.model_validate(JOB | {"state": "resting", "mood": {"good": True}})
    assert job.state == "resting"
    assert not job.ended
    assert job.model_dump()["mood"] == {"good": True}


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Options(temperature=0.5).temperature = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("state", core_jobs.State)
def test_a_job_has_ended_when_the_service_says_so(state: core_jobs.State) -> None:
    assert Job.model_validate(JOB | {"state": state}).ended == state.final


def test_moments_have_their_zone() -> None:
    assert Job.model_validate(JOB).created == datetime(2026, 11, 25, 1, tzinfo=UTC)
