import json

import pytest

from core.batches import BatchRequest
from core.errors import InvalidManifest, SourceNotFound
from core.jobs import Options
from core.objects import ObjectRef
from core.storage import Storage
from worker.batches import manifest
from worker.batches.manifest import read_manifest
from worker.batches.rows import Row

PLACE = ObjectRef(bucket="tintype", key="lists/manifest")
REQUEST = BatchRequest.model_validate_json(
    json.dumps(
        {
            "source": {"bucket": "tintype", "manifest": PLACE.model_dump()},
            "destination": {"bucket": "tintype", "prefix": "colour/"},
        }
    )
)


def rows(storage: Storage, content: bytes, at_a_time: int | None = None) -> list[Row]:
    """Read a manifest; with ``at_a_time``, begin anew after so many rows."""
    storage.store(PLACE, content, "text/csv")
    found: list[Row] = []
    position = None
    while True:
        page = read_manifest(storage, REQUEST, position)
        taken = list(page.rows[:at_a_time])
        found += taken
        if page.last and len(taken) == len(page.rows):
            return found
        position = taken[-1].position


CSV = (
    "key,destination,options\r\n"
    "a.jpg,b.png,\r\n"
    '"with, comma.jpg",,"{""temperature"": 0.5}"\r\n'
    "\r\n"
    "grüße.jpg,,\r\n"
    "last.jpg"
).encode()
LINES = (
    '{"key": "a.jpg", "destination": "b.png"}\n'
    '{"key": "with, comma.jpg", "options": {"temperature": 0.5}, "note": "kept by us"}\n'
    "\n"
    '{"key": "grüße.jpg"}\n'
    '{"key": "last.jpg"}'
).encode()


@pytest.mark.parametrize("content", [CSV, LINES, b"\xef\xbb\xbf" + CSV, b"\xef\xbb\xbf" + LINES])
@pytest.mark.parametrize("at_a_time", [None, 1, 2, 3])
def test_every_row_is_read_once_wherever_reading_goes_on(
    storage: Storage, content: bytes, at_a_time: int | None
) -> None:
    found = rows(storage, content, at_a_time)
    assert [row.key for row in found] == ["a.jpg", "with, comma.jpg", "grüße.jpg", "last.jpg"]
    assert [row.destination for row in found] == ["b.png", None, None, None]
    assert [row.options for row in found] == [None, Options(temperature=0.5), None, None]
    assert not any(row.problem or row.left_out for row in found)


def test_a_long_manifest_comes_in_pages(storage: Storage) -> None:
    content = b"key\n" + b"".join(b"%06d.jpg\n" % number for number in range(2500))
    storage.store(PLACE, content, "text/csv")
    first = read_manifest(storage, REQUEST, None)
    assert (len(first.rows), first.last) == (1000, False)
    found = rows(storage, content)
    assert [row.key for row in found] == [f"{number:06}.jpg" for number in range(2500)]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"key\n", b"KEY , Options\n"])
def test_a_manifest_may_be_empty(storage: Storage, content: bytes) -> None:
    assert rows(storage, content) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "invalid_row"),
        ("[1]", "invalid_row"),
        ('"a.jpg"', "invalid_row"),
        ("{}", "invalid_row"),
        ('{"key": 7}', "invalid_row"),
        ('{"key": "a.jpg", "options": {"temperature": 7}}', "invalid_row"),
        ('{"key": "a.jpg", "options": {"unknown": 7}}', "invalid_row"),
        ('{"key": "../a.jpg"}', "invalid_key"),
        ('{"key": ""}', "invalid_key"),
        ('{"key": "a.jpg", "destination": "/a.jpg"}', "invalid_key"),
        ('{"key": "a\\u0000.jpg"}', "invalid_key"),
        ("[" * 10_000, "invalid_row"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(storage: Storage, line: str, code: str) -> None:
    found = rows(storage, f'{{"key": "a.jpg"}}\n{line}\n{{"key": "b.jpg"}}\n'.encode())
    assert [row.key for row in found if not row.problem] == ["a.jpg", "b.jpg"]
    problem = found[1].problem
    assert problem
    assert problem.code == code
    assert problem.detail.startswith("row 2: ")


@pytest.mark.parametrize(
    "content",
    [
        b"a.jpg\nb.jpg\n",
        b"key;options\na.jpg;\n",
        b'key\n"never closed\n',
        b'key\n"a"b,c\n',
        b"key\n\xff\xfe.jpg\n",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"key\n" + b"x" * 200_000 + b"\n",
    ],
)
def test_what_is_no_manifest_says_so(storage: Storage, content: bytes) -> None:
    with pytest.raises(InvalidManifest, match="manifest"):
        rows(storage, content)


def test_a_manifest_that_changes_meanwhile_is_refused(storage: Storage) -> None:
    storage.store(PLACE, b"key\n" + b"a.jpg\n" * 1500, "text/csv")
    page = read_manifest(storage, REQUEST, None)
    storage.store(PLACE, b"key\n" + b"b.jpg\n" * 1500, "text/csv")
    with pytest.raises(InvalidManifest, match="changed"):
        read_manifest(storage, REQUEST, page.rows[-1].position)


def test_a_manifest_that_is_not_there(storage: Storage) -> None:
    missing = REQUEST.source.model_copy(
        update={"manifest": ObjectRef(bucket="tintype", key="lists/no-such")}
    )
    with pytest.raises(SourceNotFound):
        read_manifest(storage, REQUEST.model_copy(update={"source": missing}), None)


def test_lines_across_chunks(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.storage.CHUNK", 7)
    assert manifest.MOST_LINE > 7
    assert len(rows(storage, CSV, 1)) == 4
