"""What options of control leave in storage, and jobs that decode it again."""

from core.jobs import Job, State
from core.objects import ObjectRef
from tests.integration.conftest import Service
from tests.support.images import decoded, encoded, gradient


def again(service: Service, job: Job, **order: object) -> Job:
    """Redecode a job and wait for the end."""
    answer = service.request(
        "POST", f"/v1/jobs/{job.id}/redecode", json=order, headers={"Prefer": "wait=60"}
    )
    assert answer.status in (200, 202), answer.data
    return Job.model_validate_json(answer.data)


def test_a_kept_distribution_is_decoded_again(service: Service) -> None:
    source = service.put("control/a.png", encoded(gradient(seed=501), "PNG"))
    first = service.run(source, options={"keep_distribution": True})
    assert first.distribution
    assert first.destination
    assert first.distribution.key == f"{first.destination.key}.tintype/distribution"
    other = again(service, first, options={"saturation": 0.0})
    assert (other.state, other.cached) == (State.SUCCEEDED, False)
    assert other.options.saturation == 0
    assert other.destination != first.destination
    assert other.destination
    grey = decoded(service.storage.fetch(other.destination, 10**7).data).astype(int)
    assert abs(grey[..., 0] - grey[..., 2]).max() <= 2
    # It keeps what it was made of, so that it can be decoded again, too.
    assert again(service, other, options={"saturation": 0.5}).state is State.SUCCEEDED
    assert again(service, first, options={"saturation": 0.0}).cached


def test_a_source_that_has_changed_is_not_decoded_as_what_it_was(service: Service) -> None:
    source = service.put("control/b.png", encoded(gradient(seed=502), "PNG"))
    first = service.run(source, options={"keep_distribution": True})
    service.put("control/b.png", encoded(gradient(seed=503), "PNG"))
    failed = again(service, first, options={"saturation": 0.5})
    assert failed.state is State.FAILED
    assert failed.error
    assert failed.error.code == "distribution_mismatch"


def test_variants_and_doubts_are_stored_and_known_again(service: Service) -> None:
    source = service.put("control/c.jpg", encoded(gradient(seed=504)))
    wanted = {"ambiguity": True, "variants": 3}
    job = service.run(source, options=wanted)
    assert job.state is State.SUCCEEDED
    assert job.ambiguity is not None
    assert job.ambiguity_map
    stored = [job.ambiguity_map, *(each.destination for each in job.variants)]
    for ref in stored:
        assert decoded(service.storage.fetch(ref, 10**7).data).shape == (48, 64, 3)
    known = service.run(source, options=wanted)
    assert (known.cached, known.ambiguity, known.variants) == (True, job.ambiguity, job.variants)
    # Elsewhere they would be missing, so the work is done again.
    place = ObjectRef(bucket=source.bucket, key="control/out/c.jpg")
    elsewhere = service.run(source, options=wanted, destination=place.model_dump())
    assert not elsewhere.cached
    assert elsewhere.ambiguity_map
    assert elsewhere.ambiguity_map.key == "control/out/c.jpg.tintype/ambiguity.png"
    # The last that had it is known; what lies beside it is gone.
    gone = elsewhere.ambiguity_map
    service.storage._client.delete_object(Bucket=gone.bucket, Key=gone.key)
    assert not service.run(source, options=wanted, destination=place.model_dump()).cached


def test_a_reference_from_storage(service: Service) -> None:
    source = service.put("control/d.png", encoded(gradient(seed=505), "PNG"))
    reference = service.put("control/palette.png", encoded(gradient(seed=506), "PNG"))
    first = service.run(source, options={"reference": reference.model_dump()})
    assert (first.state, first.cached) == (State.SUCCEEDED, False)
    assert service.run(source, options={"reference": reference.model_dump()}).cached
    # Another picture under the same name is another reference.
    service.put("control/palette.png", encoded(gradient(seed=507), "PNG"))
    assert not service.run(source, options={"reference": reference.model_dump()}).cached
    missing = ObjectRef(bucket=source.bucket, key="control/missing.png").model_dump()
    failed = service.run(source, options={"reference": missing})
    assert failed.error
    assert failed.error.code == "source_not_found"
