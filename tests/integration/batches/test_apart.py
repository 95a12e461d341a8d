"""No two photographs of a batch share a result, and no result takes a photograph's place."""

import json

import pytest

from core.batches import BatchState
from tests.integration.batches.conftest import World


def stored(world: World) -> dict[str, str]:
    """Return what each result was made of."""
    found, _ = world.storage.list_page(world.bucket, "colour/")
    keys = [each.key for each in found if "/reports/" not in each.key]
    return {
        world.storage.fetch(world.at(key), 1000).data.decode().removeprefix("colour of "): key
        for key in keys
    }


@pytest.mark.parametrize(
    ("sources", "prefix", "options"),
    [
        (("scans/a.jpg", "scansa.jpg"), "scans", {}),
        (("scans/19/a.jpg", "scans/19a.jpg"), "scans/19", {}),
        (("scans/a.jpg", "scans/a.jpg.png", "scans/a.png"), "scans/", {"format": "png"}),
        (("scans/a", "scans/a.png"), "scans/", {"format": "png"}),
        (("scans/a.bmp", "scans/a.bmp.png"), "scans/", {}),
    ],
)
def test_each_source_of_a_prefix_has_its_result(
    world: World, sources: tuple[str, ...], prefix: str, options: dict[str, str]
) -> None:
    world.put(*sources)
    batch = world.create(source={"prefix": prefix, "include": ["*"]}, options=options)
    ended = world.run(batch)
    assert ended.counts.succeeded == len(sources)
    assert stored(world).keys() == {*sources}


def run_manifest(world: World, *rows: dict[str, object], dry_run: bool = False) -> str:
    """Return why a batch over these rows failed; no job may have been made."""
    text = "\n".join(json.dumps(row) for row in rows)
    world.storage.store(world.at("m"), text.encode(), "text/plain")
    source = {"prefix": "", "manifest": {"bucket": world.bucket, "key": "m"}}
    world.put("a.jpg", "b.jpg", "b/a.jpg")
    ended = world.run(world.create(source=source, dry_run=dry_run))
    if ended.state is BatchState.SUCCEEDED:
        return ""
    assert ended.counts.total == 0
    assert ended.error
    assert ended.error.code == "invalid_manifest"
    return ended.error.detail


@pytest.mark.parametrize("dry_run", [False, True])
def test_rows_with_one_result_are_refused(world: World, dry_run: bool) -> None:
    problem = run_manifest(
        world,
        {"key": "a.jpg"},
        {"key": ""},
        {"key": "b.jpg", "destination": "colour/a.jpg"},
        dry_run=dry_run,
    )
    assert "rows 1 and 3 " in problem


def test_a_key_is_in_a_manifest_once(world: World) -> None:
    assert "rows 1 and 2 " in run_manifest(
        world, {"key": "a.jpg"}, {"key": "a.jpg", "options": {"temperature": 0.5}}
    )
    assert not run_manifest(
        world, {"key": "a.jpg"}, {"key": "a.jpg", "destination": "colour/vivid.jpg"}
    )


def test_a_result_takes_no_place_of_a_source(world: World) -> None:
    assert "row 1 " in run_manifest(
        world, {"key": "a.jpg", "destination": "b.jpg"}, {"key": "b.jpg"}
    )


def test_a_row_that_would_overwrite_its_own_source_fails_alone(world: World) -> None:
    rows = ({"key": "a.jpg", "destination": "a.jpg"}, {"key": "b.jpg"})
    world.storage.store(world.at("m"), "\n".join(map(json.dumps, rows)).encode(), "text/plain")
    world.put("a.jpg", "b.jpg")
    source = {"prefix": "", "manifest": {"bucket": world.bucket, "key": "m"}}
    ended = world.run(world.create(source=source))
    assert ended.codes == {"destination_is_source": 1}
    assert ended.counts.succeeded == 1


def test_rows_that_are_far_apart_are_compared(world: World) -> None:
    many: list[dict[str, object]] = [{"key": f"c/{number}.jpg"} for number in range(2500)]
    problem = run_manifest(world, {"key": "a.jpg", "destination": "colour/c/2400.jpg"}, *many)
    assert "rows 1 and 2402 " in problem
