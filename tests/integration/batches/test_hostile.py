"""Manifests and keys that mean no good, or look as if."""

import json

import pytest

from tests.integration.batches.conftest import World


def manifest(world: World, *rows: object) -> dict[str, object]:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    world.storage.store(world.at("m"), text.encode(), "text/plain")
    return {"manifest": {"bucket": world.bucket, "key": "m"}, "prefix": ""}


@pytest.mark.parametrize(
    "row",
    [
        {"key": "\ud800.jpg"},
        {"key": "a.jpg", "options": {"\ud800": 1}},
        {"key": "a.jpg", "options": {"model": "\ud800"}},
        {"key": "a.jpg", "destination": "\udfff"},
        '{"key": ' + "[" * 3000 + "]" * 3000 + "}",
        '{"key": ' + "[" * 30000 + "]" * 30000 + "}",
        '{"key": ' + '{"a":' * 900 + "1" + "}" * 900 + "}",
        '{"key": "a.jpg", "options": {"model": "no-such"}}',
        '{"key": 1' + "0" * 5000 + "}",
        {"key": "a.jpg", "options": {"x" * 60000: 1}},
        {"key": {"a": "x" * 60000}},
        {"key": "\x00\n\u2028a"},
    ],
    ids=range(12),
)
def test_a_row_that_can_be_no_job_keeps_no_other_from_being_one(world: World, row: object) -> None:
    world.put("scans/a.jpg")
    world.put("colour/a.jpg", "a.jpg", "after.jpg")
    source = manifest(world, {"key": "scans/a.jpg"}, row, {"key": "after.jpg"})
    batch = world.run(world.create(source=source))
    found = world.report(batch)["jobs"]
    assert batch.counts.total == 3
    assert len(found) == 3
    assert max(len(json.dumps(each)) for each in found) < 5000


@pytest.mark.parametrize(
    "text",
    [
        "key\n" + '"x\n",' * 100_000,
        "key\n" + "\n" * 300_000,
        "{}" + "\n" * 300_000 + "{}",
        "key" + ",x" * 1000,
    ],
    ids=["cells", "empty lines", "empty lines of JSON", "columns"],
)
def test_a_row_without_an_end_is_refused(world: World, text: str) -> None:
    source = manifest(world, text)
    batch = world.run(world.create(source=source))
    assert batch.error
    assert batch.error.code == "invalid_manifest"


ODD = [
    "+ %&#'\"<>.jpg",
    "%2B.jpg",
    "a b+c.jpg",
    "caf\u00e9.jpg",
    "cafe\u0301.jpg",
    "trail .jpg",
    "back\\slash.jpg",
    "\U0001f600.jpg",
    "a;b,c.jpg",
    "q?x=1.jpg",
    "=SUM(1).jpg",
    "\uff0e.jpg",
    "~!@$^*().jpg",
    "x\u2028y.jpg",
    "dir /a.jpg",
    "a&amp;b.jpg",
    "\u202e.jpg",
    "%.jpg",
    "`.jpg",
    "{x}.jpg",
    "[a].jpg",
    "\u00a0.jpg",
]


def test_odd_keys_come_through_storage_page_by_page(world: World) -> None:
    world.settings = world.settings.model_copy(update={"batch_window": 3})
    keys = sorted("scans/" + each for each in ODD)
    world.put(*keys)
    batch = world.run(world.create())
    assert sorted(row["key"] for row in world.report(batch)["jobs"]) == keys
    assert batch.counts.succeeded == len(keys)
    again = world.run(world.create())
    assert again.counts.skipped == len(keys)
