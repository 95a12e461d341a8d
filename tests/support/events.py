"""Notifications as buckets send them, written after each sender's public documentation."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

ETAG, SEQUENCER = "b1946ac92492d2347c6235b4d2611184", "0055AED6DCD90281E5"
VERSION = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
TEST_EVENT = {
    "Service": "Amazon S3",
    "Event": "s3:TestEvent",
    "Time": "2026-11-25T04:00:00.000Z",
    "Bucket": "scans",
    "RequestId": "5582815E1AEA5ADF",
    "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
}


def s3_record(
    key: str,
    bucket: str = "scans",
    event: str = "ObjectCreated:Put",
    etag: str = ETAG,
    sequencer: str = SEQUENCER,
    version: str | None = None,
    encoded: str | None = None,
) -> dict[str, Any]:
    """One of Amazon's records; its key is encoded as Amazon does, which leaves slashes alone."""
    thing: dict[str, Any] = {
        "key": quote_plus(key, safe="/") if encoded is None else encoded,
        "size": 1024,
        "eTag": etag,
        "sequencer": sequencer,
    }
    if version is not None:
        thing["versionId"] = version
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2026-11-25T04:00:00.000Z",
        "eventName": event,
        "userIdentity": {"principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "192.0.2.7"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "scans-to-colour",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": thing,
        },
    }


def s3_message(*keys: str, **more: Any) -> dict[str, Any]:
    """Amazon's message about some objects."""
    return {"Records": [s3_record(key, **more) for key in keys]}


def minio_message(key: str, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """MinIO's message: slashes of the record's key are encoded too, ``Key`` is not encoded."""
    record = s3_record(key, event=f"s3:{event}", encoded=quote_plus(key))
    record |= {"eventVersion": "2.0", "eventSource": "minio:s3", "awsRegion": ""}
    record["s3"]["object"] |= {"contentType": "image/jpeg", "versionId": "1"}
    record["source"] = {"host": "192.0.2.7", "port": "", "userAgent": "MinIO (linux; amd64)"}
    return {"EventName": f"s3:{event}", "Key": f"scans/{key}", "Records": [record]}


def ceph_message(key: str) -> dict[str, Any]:
    """Ceph's message: Amazon's but for the key, which is not encoded."""
    record = s3_record(key, encoded=key)
    return {"Records": [record | {"eventVersion": "2.2", "eventSource": "ceph:s3"}]}


def eventbridge_message(key: str, kind: str = "Object Created", **thing: Any) -> dict[str, Any]:
    """EventBridge's message, in which nothing is encoded."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-25T04:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:s3:::scans"],
        "detail": {
            "version": "0",
            "bucket": {"name": "scans"},
            "object": {
                "key": key,
                "size": 1024,
                "etag": ETAG,
                "version-id": VERSION,
                "sequencer": "617f08299329d189",
                **thing,
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "192.0.2.7",
            "reason": "PutObject",
        },
    }


def seaweedfs_entry(path: str, file_id: str = "3,01637037d6", **more: Any) -> dict[str, Any]:
    """What the filer knows of an object: filer.proto's Entry in Go's JSON."""
    return {
        "name": path.rpartition("/")[2],
        "chunks": [{"file_id": file_id, "size": 1024, "mtime": 1764043200000000000, "e_tag": ETAG}],
        "attributes": {
            "file_size": 1024,
            "mtime": 1764043200,
            "file_mode": 432,
            "crtime": 1764043200,
            "mime": "image/jpeg",
            "md5": base64.b64encode(bytes.fromhex(ETAG)).decode(),
        },
        **more,
    }


def seaweedfs_message(
    path: str, kind: str = "create", old: str | None = None, **entry: Any
) -> dict[str, Any]:
    """The message of the filer's webhook about a path that is written, or moved from ``old``."""
    message: dict[str, Any] = {"delete_chunks": True, "signatures": [-1584083374]}
    if kind != "delete":
        message["new_entry"] = seaweedfs_entry(path, **entry)
        message["new_parent_path"] = path.rpartition("/")[0]
    if kind != "create":
        message["old_entry"] = seaweedfs_entry(old or path)
    return {"key": old or path, "event_type": kind, "message": message}


def sns_message(topic: str, message: Mapping[str, Any] | str, **more: Any) -> dict[str, Any]:
    """A notification of Amazon SNS, unsigned; ``tests.support.sns`` signs it."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": topic,
        "Subject": "Amazon S3 Notification",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
        **more,
    }
