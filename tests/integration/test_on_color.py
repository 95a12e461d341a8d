"""Photographs that are in colour already: recoloured, skipped or refused, as their job says."""

from core.jobs import State
from core.objects import ObjectRef
from tests.integration.conftest import Service
from tests.support.images import encoded, in_colour, in_sepia

CAT = in_colour()
SKIP, FAIL = {"on_color": "skip"}, {"on_color": "fail"}


def test_a_photograph_in_colour_is_skipped(service: Service) -> None:
    source = service.put("colour/skip.jpg", encoded(CAT))
    place = ObjectRef(bucket=source.bucket, key="colour/out/skip.jpg")
    job = service.run(source, options=SKIP, destination=place.model_dump())
    assert (job.state, job.skipped, job.error) == (State.SUCCEEDED, "already_color", None)
    assert (job.width, job.height) == (451, 300)
    assert job.chroma is not None
    assert 4 < job.chroma == round(job.chroma, 2)
    assert job.destination == place
    assert service.storage.head(place) is None
    assert service.run(source, options=SKIP).destination is None
    answer = service.request("GET", f"/v1/jobs/{job.id}/result")
    assert answer.status == 409
    assert "already_color" in answer.json()["detail"]


def test_a_photograph_in_colour_fails_for_good(service: Service) -> None:
    job = service.run(service.put("colour/fail.jpg", encoded(CAT)), options=FAIL)
    assert (job.state, job.attempt, job.skipped) == (State.FAILED, 1, None)
    assert job.error is not None
    assert job.error.code == "already_color"
    assert f"{job.chroma:.2f}" in job.error.detail
    assert "4.00" in job.error.detail


def test_a_known_result_is_not_for_those_who_do_not_want_colour_again(service: Service) -> None:
    source = service.put("colour/known.jpg", encoded(CAT, quality=90))
    first = service.run(source)
    assert (first.state, first.skipped, first.chroma) == (State.SUCCEEDED, None, None)
    assert service.run(source, options=SKIP).skipped == "already_color"
    assert service.run(source, options=FAIL).state is State.FAILED
    assert service.run(source).cached


def test_a_sepia_print_is_colorized_and_its_result_known(service: Service) -> None:
    source = service.put("colour/sepia.jpg", encoded(in_sepia(seed=77)))
    first = service.run(source, options=SKIP)
    assert (first.state, first.skipped, first.cached) == (State.SUCCEEDED, None, False)
    assert first.chroma is not None
    assert first.chroma < 4
    again = service.run(source, options=FAIL)
    assert (again.cached, again.chroma) == (True, first.chroma)
    assert again.destination == first.destination
    # One that was never measured is measured once.
    other = service.put("colour/sepia 2.jpg", encoded(in_sepia(seed=78)))
    service.run(other)
    measured, last = service.run(other, options=SKIP), service.run(other, options=SKIP)
    assert (measured.cached, last.cached) == (False, True)
