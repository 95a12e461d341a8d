from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from core.errors import DestinationIsSource
from core.jobs import Job, JobRequest, Options, State
from core.objects import ObjectRef

SOURCE = ObjectRef(bucket="abc", key="x.jpg")


@pytest.mark.parametrize("state", list(State))
def test_final_states_are_the_three_ends(state: State) -> None:
    assert state.final == (state in {State.SUCCEEDED, State.FAILED, State.CANCELED})


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0},
        {"temperature": 1.01},
        {"temperature": "0.5"},
        {"temperature": True},
        {"quality": 0},
        {"quality": 101},
        {"quality": 80.5},
        {"format": "gif"},
        {"model": ""},
        {"on_color": "ignore"},
        {"pages": "second"},
        {"pages": "all", "format": "jpeg"},
        {"private_data": "sell"},
        {"proof": "none"},
        {"sharpness": 1},
    ],
)
def test_options_out_of_range_or_unknown_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(options)


def test_a_source_is_never_overwritten() -> None:
    with pytest.raises(DestinationIsSource):
        JobRequest(source=SOURCE, destination=SOURCE)


def test_times_are_rfc_3339_with_milliseconds() -> None:
    job = Job(
        id="x",
        state=State.QUEUED,
        attempt=0,
        source=SOURCE,
        destination=None,
        options=Options(),
        created=datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC),
    )
    assert job.model_dump(mode="json")["created"] == "2026-01-02T03:04:05.678Z"
    assert Job.model_validate_json(job.model_dump_json()).id == "x"
