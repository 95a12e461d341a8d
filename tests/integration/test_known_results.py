"""The same source, options and network again: the result that is there already."""

from core.jobs import State
from core.objects import ObjectRef
from tests.integration.conftest import Service
from tests.support.images import decoded, encoded, gradient

SEEDS = iter(range(1000, 2000))


def photo(service: Service, key: str) -> tuple[ObjectRef, bytes]:
    """A source that no other test has."""
    data = encoded(gradient(seed=next(SEEDS)))
    return service.put(key, data), data


def test_a_result_is_not_made_twice(service: Service) -> None:
    source, _ = photo(service, "known/a.jpg")
    first, second = service.run(source), service.run(source)
    assert not first.cached
    assert second.cached
    assert second.destination == first.destination
    assert (second.width, second.height, second.bytes) == (first.width, first.height, first.bytes)
    assert second.model == first.model
    assert second.timings.infer_ms is None
    assert second.timings.fetch_ms is not None


def test_a_result_is_made_again_when_asked_for(service: Service) -> None:
    source, _ = photo(service, "known/forced.jpg")
    service.run(source)
    assert not service.run(source, options={"force": True}).cached
    # What was forced is known too.
    assert service.run(source).cached


def test_other_options_or_another_content_are_not_known(service: Service) -> None:
    source, _ = photo(service, "known/b.jpg")
    service.run(source)
    assert not service.run(source, options={"temperature": 0.3}).cached
    assert not service.run(source, options={"format": "png"}).cached
    changed, _ = photo(service, "known/b.jpg")
    assert changed == source
    assert not service.run(source).cached


def test_the_same_content_elsewhere_gets_a_copy_at_its_own_place(service: Service) -> None:
    source, data = photo(service, "known/c.jpg")
    first = service.run(source)
    twin = service.run(service.put("known/twin of c.jpg", data))
    wanted = ObjectRef(bucket=source.bucket, key="known/colour & more/c ü.jpg")
    named = service.run(source, destination=wanted.model_dump())
    assert twin.cached
    assert named.cached
    assert named.destination == wanted
    assert len({first.destination, twin.destination, named.destination}) == 3
    contents = {
        service.storage.fetch(job.destination, 10**7).data
        for job in (first, twin, named)
        if job.destination
    }
    assert len(contents) == 1
    assert decoded(contents.pop()).shape == (48, 64, 3)


def test_a_result_that_was_deleted_is_made_again(service: Service) -> None:
    source, _ = photo(service, "known/d.jpg")
    first = service.run(source)
    assert first.destination
    service.storage._client.delete_object(
        Bucket=first.destination.bucket, Key=first.destination.key
    )
    again = service.run(source)
    assert (again.state, again.cached) == (State.SUCCEEDED, False)
    head = service.storage.head(first.destination)
    assert head
    assert head.etag == again.etag


def test_a_result_that_was_changed_is_made_again(service: Service) -> None:
    source, _ = photo(service, "known/e.jpg")
    first = service.run(source)
    assert first.destination
    assert first.bytes
    service.storage.store(first.destination, b"x" * first.bytes, "image/jpeg")
    assert not service.run(source).cached


def test_a_result_that_another_order_has_overwritten_is_made_again(service: Service) -> None:
    place = ObjectRef(bucket=service.settings.bucket, key="known/shared/out.jpg").model_dump()
    (one, _), (other, _) = photo(service, "known/one.jpg"), photo(service, "known/other.jpg")
    first = service.run(one, destination=place)
    service.run(other, destination=place)
    again = service.run(one, destination=place)
    assert not again.cached
    assert again.etag == first.etag


def test_a_copy_says_of_itself_what_it_is_a_result_of(service: Service) -> None:
    source, data = photo(service, "known/f.jpg")
    service.run(source)
    twin = service.run(service.put("known/twin of f.jpg", data))
    assert twin.cached
    assert twin.destination
    head = service.storage.head(twin.destination)
    assert head
    assert head.metadata["tintype-job"] == twin.id
    assert head.metadata["tintype-source-etag"]


def test_a_known_result_without_its_metadata_gets_it_back(service: Service) -> None:
    source, _ = photo(service, "known/g.jpg")
    first = service.run(source)
    assert first.destination
    data = service.storage.fetch(first.destination, 10**7).data
    service.storage.store(first.destination, data, "image/jpeg")
    again = service.run(source)
    assert again.cached
    assert service.storage.fetch(first.destination, 10**7).data == data
    head = service.storage.head(first.destination)
    assert head
    assert head.etag == again.etag
    assert head.metadata["tintype-model-digest"]
    assert head.metadata["tintype-job"] == again.id
