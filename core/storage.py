"""Objects in S3-compatible storage: read with limits, written with metadata, never deleted."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import TOO_MANY_REQUESTS
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from urllib3.exceptions import HTTPError

from core.errors import (
    BucketNotFound,
    ClockSkewed,
    ObjectTooLarge,
    SourceNotFound,
    StorageDenied,
    StorageRefused,
    StorageUnavailable,
    TintypeError,
)
from core.objects import ObjectRef, content_disposition
from core.settings import Settings

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CreateBucketConfigurationTypeDef

CHUNK = 1024 * 1024
DEFAULT_REGION = "us-east-1"
_MISSING_KEY = {"NoSuchKey", "404", "NotFound"}
_DENIED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_BUSY = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "OperationAborted"}
_OURS = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


@dataclass(frozen=True)
class StoredObject:
    """The whole of one object."""

    data: bytes
    etag: str
    content_type: str


class Storage:
    """A thin, typed layer over one boto3 client.

    Every method raises BucketNotFound, SourceNotFound, StorageDenied, StorageRefused or
    StorageUnavailable.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = _client(settings, settings.s3_endpoint)
        public = settings.s3_public_endpoint or settings.s3_endpoint
        same = public == settings.s3_endpoint
        self._public_client = self._client if same else _client(settings, public)
        self._region = settings.s3_region
        self._presign_seconds = settings.presign_seconds

    def fetch(self, ref: ObjectRef, max_bytes: int) -> StoredObject:
        """Read an object, with its promised size checked first and its real size on the way.

        Raises:
            ObjectTooLarge: it has more than ``max_bytes`` bytes.
        """
        with _translated(ref):
            answer = self._client.get_object(Bucket=ref.bucket, Key=ref.key)
            with closing(answer["Body"]) as body:
                if answer.get("ContentLength", 0) > max_bytes:
                    raise _too_large(ref, max_bytes)
                data = bytearray()
                for chunk in body.iter_chunks(CHUNK):
                    data += chunk
                    if len(data) > max_bytes:
                        raise _too_large(ref, max_bytes)
        return StoredObject(bytes(data), _etag(answer), answer.get("ContentType", ""))

    def stream(self, ref: ObjectRef) -> tuple[int, Generator[bytes]]:
        """Open an object now; return its length, and its bytes in chunks of 1 MiB."""
        with _translated(ref):
            answer = self._client.get_object(Bucket=ref.bucket, Key=ref.key)
        return answer["ContentLength"], _chunks(answer["Body"])

    def is_prefix(self, ref: ObjectRef) -> bool:
        """Whether other objects lie below this key, as if it were a folder."""
        with _translated(ref):
            answer = self._client.list_objects_v2(
                Bucket=ref.bucket, Prefix=f"{ref.key}/", MaxKeys=1
            )
        return "Contents" in answer

    def store(
        self,
        ref: ObjectRef,
        data: bytes | BinaryIO,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Write an object whole; readers see the old one or the new one. Return its entity tag."""
        with _translated(ref):
            answer = self._client.put_object(
                Bucket=ref.bucket,
                Key=ref.key,
                Body=data,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
            )
        return _etag(answer)

    def etag(self, ref: ObjectRef) -> str | None:
        """Return the entity tag of an object; None if there is no such object."""
        try:
            with _translated(ref):
                return _etag(self._client.head_object(Bucket=ref.bucket, Key=ref.key))
        except (SourceNotFound, BucketNotFound):
            return None

    def copy(self, source: ObjectRef, destination: ObjectRef, etag: str) -> str:
        """Copy an object within storage, if it still has this entity tag; return the copy's."""
        with _translated(source):
            answer = self._client.copy_object(
                Bucket=destination.bucket,
                Key=destination.key,
                CopySource={"Bucket": source.bucket, "Key": source.key},
                CopySourceIfMatch=etag,
            )
        return _etag(answer["CopyObjectResult"])

    def presign(
        self, ref: ObjectRef, content_type: str, method: Literal["GET", "HEAD"] = "GET"
    ) -> str:
        """Return a URL that downloads the object for a while, whoever holds it."""
        with _translated(ref):
            return self._public_client.generate_presigned_url(
                "head_object" if method == "HEAD" else "get_object",
                Params={
                    "Bucket": ref.bucket,
                    "Key": ref.key,
                    "ResponseContentType": content_type,
                    "ResponseContentDisposition": content_disposition("inline", ref.key),
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
                self._create(bucket)

    def _create(self, bucket: str) -> None:
        try:
            if self._region == DEFAULT_REGION:
                self._client.create_bucket(Bucket=bucket)
            else:
                place = cast(
                    "CreateBucketConfigurationTypeDef", {"LocationConstraint": self._region}
                )
                self._client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        except ClientError as error:
            # Someone else was faster.
            if _code(error) not in _OURS:
                raise


def _etag(answer: Mapping[str, Any]) -> str:
    return str(answer.get("ETag", "")).strip('"')


def _chunks(body: "StreamingBody") -> Generator[bytes]:
    """Yield a body in parts, and give its connection back even to a reader who leaves early."""
    with closing(body):
        yield from body.iter_chunks(CHUNK)


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
            # A job tries again by itself, and can be stopped between two tries.
            retries={"total_max_attempts": 1, "mode": "standard"},
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
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StorageDenied(
            f"there are no credentials for {target}; "
            "set TINTYPE_S3_ACCESS_KEY and TINTYPE_S3_SECRET_KEY"
        ) from error
    except (BotoCoreError, OSError) as error:
        _raise_foreign(error)
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
    if code == "RequestTimeTooSkewed":
        return ClockSkewed(f"storage refused {target}: this machine's clock is off; set it right")
    if code in _DENIED or status in (401, 403):
        return StorageDenied(f"storage refused {target} ({code}); check the credentials' rights")
    message = f"storage answered {code or status} for {target}"
    if status >= 500 or status == TOO_MANY_REQUESTS or code in _BUSY:
        return StorageUnavailable(message)
    return StorageRefused(f"{message}: {error.response.get('Error', {}).get('Message', '')}")


def _raise_foreign(error: Exception) -> None:
    """Raise what botocore wraps whatever it is: a time limit of ours is no trouble with storage."""
    if type(error) is HTTPClientError:
        cause: Any = error.kwargs.get("error")
        if isinstance(cause, Exception) and not isinstance(cause, OSError | HTTPError):
            raise cause


def _too_large(ref: ObjectRef, max_bytes: int) -> ObjectTooLarge:
    return ObjectTooLarge(f"{ref} has more than {max_bytes} bytes; see TINTYPE_MAX_BYTES")
