"""The S3 client, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import TOO_MANY_REQUESTS
from typing import TYPE_CHECKING, Any

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
    SourceNotFound,
    StorageDenied,
    StorageRefused,
    StorageUnavailable,
    TintypeError,
)
from core.metrics.totals import PENDING
from core.objects import ObjectRef
from core.settings import Settings
from core.tracing.servers import trace_s3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MISSING_KEY = {"NoSuchKey", "404", "NotFound"}
_DENIED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_BUSY = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "OperationAborted"}


def make_client(settings: Settings, endpoint: str | None) -> "S3Client":
    """Return a client that is safe to share between threads and never tries again by itself."""
    secret = settings.s3_secret_key
    client: S3Client = boto3.client(
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
    return trace_s3(client)


def error_code(error: ClientError) -> str:
    """Return the server's own code of an error."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def translated(target: ObjectRef | str) -> Iterator[None]:
    """Turn boto3's errors into ours.

    Raises:
        BucketNotFound, SourceNotFound, StorageDenied, StorageRefused, StorageUnavailable,
        ClockSkewed: as their names say.
    """
    try:
        yield
    except ClientError as error:
        raise _counted(_as_ours(error, target)) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise _counted(
            StorageDenied(
                f"there are no credentials for {target}; "
                "set TINTYPE_S3_ACCESS_KEY and TINTYPE_S3_SECRET_KEY"
            )
        ) from error
    except (BotoCoreError, OSError) as error:
        _raise_foreign(error)
        raise _counted(
            StorageUnavailable(
                f"storage cannot be reached for {target}: {error}; check TINTYPE_S3_ENDPOINT"
            )
        ) from error


def _counted(error: TintypeError) -> TintypeError:
    """Return the error, counted if it is the fault of storage or of how it is reached."""
    if not isinstance(error, SourceNotFound | BucketNotFound):
        PENDING.add({f"storage_errors:{error.code}": 1})
    return error


def _as_ours(error: ClientError, target: ObjectRef | str) -> TintypeError:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket" or (code in MISSING_KEY and isinstance(target, str)):
        bucket = target.bucket if isinstance(target, ObjectRef) else target
        return BucketNotFound(f"storage has no bucket {bucket!r}")
    if code in MISSING_KEY:
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
