"""What each sender's messages come down to."""

import json
from typing import Any

import pytest

from api.hooks.arrivals import Arrival
from api.hooks.events import read
from core.errors import InvalidEvent, TooManyEvents
from tests.support.events import (
    TEST_EVENT,
    ceph_message,
    eventbridge_message,
    minio_message,
    s3_message,
    s3_record,
    seaweedfs_message,
)

ODD_KEYS = [
    "scan.jpg",
    "1936/red flower.jpg",
    "a+b.jpg",
    "a%20b.jpg",
    "100%.jpg",
    "a%2Bb c+d.jpg",
    "Großmutter & Söhne/é.jpg",
    "祖母/1931.jpg",
    "a=b;c:d?e#f,g'h(i)!.jpg",
]


def arrival(message: dict[str, Any]) -> Arrival:
    """The only event of a message, through JSON as it comes over the wire."""
    events = read(json.loads(json.dumps(message)))
    assert not events.refused
    assert not events.ignored
    (only,) = events.arrivals
    return only


@pytest.mark.parametrize("key", ODD_KEYS)
def test_every_sender_names_the_same_object(key: str) -> None:
    messages = [
        s3_message(key),
        minio_message(key),
        ceph_message(key),
        eventbridge_message(key),
        seaweedfs_message(f"/buckets/scans/{key}"),
    ]
    found = [arrival(message) for message in messages]
    assert {(each.bucket, each.key) for each in found} == {("scans", key)}
    assert all(each.write for each in found)


def test_a_record_is_decoded_once_with_a_plus_as_a_space() -> None:
    for encoded, key in [("red+flower.jpg", "red flower.jpg"), ("a%252Bb.jpg", "a%2Bb.jpg")]:
        assert arrival({"Records": [s3_record("", encoded=encoded)]}).key == key


def test_eventbridge_is_not_decoded() -> None:
    assert arrival(eventbridge_message("a+b%20c.jpg")).key == "a+b%20c.jpg"


def test_a_key_that_is_not_unicode_is_refused_and_the_others_are_not() -> None:
    records = [s3_record("a.jpg"), s3_record("", encoded="%ff.jpg"), s3_record("b.jpg")]
    events = read({"Records": records})
    assert [each.key for each in events.arrivals] == ["a.jpg", "b.jpg"]
    assert [(each.key, each.code) for each in events.refused] == [("%ff.jpg", "invalid_key")]


@pytest.mark.parametrize("broken", [None, 7, {}, {"eventName": "ObjectCreated:Put"}, "Records"])
def test_a_record_that_cannot_be_read_is_refused_and_the_others_are_not(broken: object) -> None:
    events = read({"Records": [s3_record("a.jpg"), broken]})
    assert [each.key for each in events.arrivals] == ["a.jpg"]
    assert [each.code for each in events.refused] == ["invalid_event"]


@pytest.mark.parametrize(
    "name", ["Put", "Post", "Copy", "CompleteMultipartUpload", "SomethingOfTomorrow"]
)
def test_whatever_creates_an_object_counts(name: str) -> None:
    assert arrival(s3_message("a.jpg", event=f"ObjectCreated:{name}")).key == "a.jpg"
    assert arrival(minio_message("a.jpg", event=f"ObjectCreated:{name}")).key == "a.jpg"


@pytest.mark.parametrize(
    "message",
    [
        s3_message("a.jpg", event="ObjectRemoved:Delete"),
        s3_message("a.jpg", event="ObjectRemoved:DeleteMarkerCreated"),
        s3_message("a.jpg", event="ObjectRestore:Completed"),
        s3_message("a.jpg", event="ObjectTagging:Put"),
        s3_message("a.jpg", event="ReducedRedundancyLostObject"),
        minio_message("a.jpg", event="ObjectAccessed:Get"),
        minio_message("a.jpg", event="ObjectCreated:PutTagging"),
        minio_message("a.jpg", event="ObjectCreated:PutRetention"),
        eventbridge_message("a.jpg", kind="Object Deleted"),
        eventbridge_message("a.jpg", kind="Object Restore Completed"),
        eventbridge_message("a.jpg") | {"source": "aws.ec2"},
        seaweedfs_message("/buckets/scans/a.jpg", "delete"),
        seaweedfs_message("/buckets/scans/1936", is_directory=True),
        seaweedfs_message("/buckets/scans/.uploads/0fe1/0001.part"),
        seaweedfs_message("/buckets/scans"),
        seaweedfs_message("/etc/seaweedfs/filer.conf"),
    ],
)
def test_events_of_other_kinds_are_ignored(message: dict[str, Any]) -> None:
    events = read(message)
    assert (events.arrivals, events.ignored, events.refused) == ([], 1, [])


def test_the_message_of_a_notification_being_set_up_tells_nothing() -> None:
    events = read(dict(TEST_EVENT))
    assert (events.arrivals, events.ignored, events.refused) == ([], 0, [])


def test_seaweedfs_calls_overwriting_a_rename() -> None:
    """Its filer fills in ``new_parent_path`` for every object that there is afterwards."""
    overwritten = arrival(seaweedfs_message("/buckets/scans/a.jpg", "rename"))
    assert (overwritten.bucket, overwritten.key) == ("scans", "a.jpg")
    moved = arrival(seaweedfs_message("/buckets/scans/new/a.jpg", "rename", old="/tmp/a.jpg"))
    assert (moved.bucket, moved.key) == ("scans", "new/a.jpg")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (s3_message("a.jpg"), s3_message("a.jpg", etag="0" * 32)),
        (s3_message("a.jpg"), s3_message("a.jpg", sequencer="0055AED6DCD90281E6")),
        (s3_message("a.jpg", version="v1"), s3_message("a.jpg", version="v2")),
        (
            # MinIO of old gives every version the same name.
            s3_message("a.jpg", version="1"),
            s3_message("a.jpg", version="1", sequencer="0055AED6DCD90281E6"),
        ),
        (eventbridge_message("a.jpg"), eventbridge_message("a.jpg", etag="0" * 32)),
        (
            seaweedfs_message("/buckets/scans/a.jpg"),
            seaweedfs_message("/buckets/scans/a.jpg", "update", file_id="3,01637037d7"),
        ),
    ],
)
def test_another_write_of_an_object_is_another(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert arrival(one) == arrival(one)
    assert arrival(one) != arrival(other)


def test_tags_of_an_object_in_seaweedfs_are_no_other_write() -> None:
    path = "/buckets/scans/a.jpg"
    tagged = seaweedfs_message(path, "update", extended={"X-Amz-Tagging-album": "MTkzNg=="})
    assert arrival(tagged) == arrival(seaweedfs_message(path))


def test_a_write_that_nothing_tells_from_others_is_known_by_its_time_or_not_at_all() -> None:
    record = s3_record("a.jpg")
    for name in ("eTag", "sequencer"):
        del record["s3"]["object"][name]
    timed = arrival({"Records": [record]}).write
    assert record["eventTime"] in timed
    del record["eventTime"]
    assert arrival({"Records": [record]}).write == ""


def test_a_thousand_records_are_taken_and_no_more() -> None:
    assert len(read({"Records": [s3_record("a.jpg")] * 1000}).arrivals) == 1000
    with pytest.raises(TooManyEvents, match="1001"):
        read({"Records": [s3_record("a.jpg")] * 1001})


@pytest.mark.parametrize(
    "body",
    [{}, {"Records": {}}, {"Records": None}, {"key": "a"}, {"detail-type": "Object Created"}],
)
def test_what_nobody_sends_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent, match="none of"):
        read(body)
