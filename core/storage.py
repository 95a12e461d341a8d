"""Objects in S3-compatible storage: read with limits, written with metadata, never deleted."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from core.errors import (
    BucketNotFound,
    ObjectTooLarge,
    SourceNotFound,
    StorageDenied,
    StorageUnavailable,
    TintypeError,
)
from core.objects import ObjectRef
from core.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024
_MISSING_KEY = {"NoSuchKey", "404", "NotFound"}
_DENIED = {"AccessDenied", "403", "401", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


@dataclass(frozen=True)
class StoredObject:
    """The whole of one object."""

    data: bytes
    etag: str
    content_type: str


class Storage:
    """A thin, typed layer over one boto3 client.

    Every method raises BucketNotFound, SourceNotFound, StorageDenied or StorageUnavailable.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = _client(settings, settings.s3_endpoint)
        public = settings.s3_public_endpoint or settings.s3_endpoint
        self._public_client = _client(settings, public)
        self._presign_seconds = settings.presign_seconds

    def fetch(self, ref: ObjectRef, max_bytes: int) -> StoredObject:
        """Read an object, with its promised size checked first and its real size on the way.

        Raises:
            ObjectTooLarge: it has more than ``max_bytes`` bytes.
        """
        with _translated(ref):
            answer = self._client.get_object(Bucket=ref.bucket, Key=ref.key)
            with closing(answer["Body"]) as body:
                if answer["ContentLength"] > max_bytes:
                    raise _too_large(ref, max_bytes)
                data = bytearray()
                for chunk in body.iter_chunks(CHUNK):
                    data += chunk
                    if len(data) > max_bytes:
                        raise _too_large(ref, max_bytes)
        etag = answer.get("ETag", "").strip('"')
        return StoredObject(bytes(data), etag, answer.get("ContentType", ""))

    def stream(self, ref: ObjectRef) -> Iterator[bytes]:
        """Open an object now, then yield its bytes in chunks of 1 MiB."""
        with _translated(ref):
            body = self._client.get_object(Bucket=ref.bucket, Key=ref.key)["Body"]
        return body.iter_chunks(CHUNK)

    def store(
        self,
        ref: ObjectRef,
        data: bytes | BinaryIO,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write an object whole; readers see the old one or the new one."""
        with _translated(ref):
            self._client.put_object(
                Bucket=ref.bucket,
                Key=ref.key,
                Body=data,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
            )

    def presign(self, ref: ObjectRef, content_type: str) -> str:
        """Return a URL that downloads the object for a while, whoever holds it."""
        filename = quote(ref.key.rsplit("/", 1)[-1], safe="")
        return self._public_client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": ref.bucket,
                "Key": ref.key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": f"inline; filename*=UTF-8''{filename}",
            },
            ExpiresIn=self._presign_seconds,
        )

    def check(self, bucket: str) -> None:
        """Ask storage for a sign of life."""
        with _translated(bucket):
            self._client.head_bucket(Bucket=bucket)

    def ensure_bucket(self, bucket: str) -> None:
        """Create the bucket if there is none."""
        with _translated(bucket):
            try:
                self._client.head_bucket(Bucket=bucket)
            except ClientError as error:
                if _code(error) not in (*_MISSING_KEY, "NoSuchBucket"):
                    raise
                self._client.create_bucket(Bucket=bucket)


def _client(settings: Settings, endpoint: str | None) -> "S3Client":
    secret = settings.s3_secret_key
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            connect_timeout=1,
            read_timeout=10,
            retries={"total_max_attempts": 2, "mode": "standard"},
            s3={"addressing_style": "path" if settings.s3_path_style else "virtual"},
            signature_version="s3v4",
            max_pool_connections=32,
            # Servers other than AWS may not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def _translated(target: ObjectRef | str) -> Iterator[None]:
    """Turn boto3's errors into ours."""
    try:
        yield
    except ClientError as error:
        raise _as_ours(error, target) from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise StorageUnavailable(
            f"storage cannot be reached for {target}: {error}; check TINTYPE_S3_ENDPOINT"
        ) from error


def _as_ours(error: ClientError, target: ObjectRef | str) -> TintypeError:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket" or (code in _MISSING_KEY and isinstance(target, str)):
        bucket = target.bucket if isinstance(target, ObjectRef) else target
        return BucketNotFound(f"storage has no bucket {bucket!r}")
    if code in _MISSING_KEY:
        return SourceNotFound(f"storage has no object {target}")
    if code in _DENIED or status in (401, 403):
        return StorageDenied(f"storage refused {target} ({code}); check the credentials' rights")
    return StorageUnavailable(f"storage answered {code or status} for {target}")


def _too_large(ref: ObjectRef, max_bytes: int) -> ObjectTooLarge:
    return ObjectTooLarge(f"{ref} has more than {max_bytes} bytes; see TINTYPE_MAX_BYTES")
