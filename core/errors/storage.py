"""Errors of buckets, keys and the storage itself."""

from core.errors.base import PermanentError, TransientError


class InvalidBucket(PermanentError):
    """Raised when a bucket name breaks S3's naming rules."""

    code = "invalid_bucket"


class InvalidKey(PermanentError):
    """Raised when an object key is empty, too long, or could leave its folder."""

    code = "invalid_key"


class InvalidKeyTemplate(PermanentError):
    """Raised when a template for keys is malformed, or could give two results the same key."""

    code = "invalid_key_template"


class BucketForbidden(PermanentError):
    """Raised when an object lies where ``TINTYPE_BUCKETS`` does not let anyone read or write."""

    code = "bucket_forbidden"


class BucketNotFound(PermanentError):
    """Raised when storage has no such bucket."""

    code = "bucket_not_found"


class SourceNotFound(PermanentError):
    """Raised when the bucket has no such object."""

    code = "source_not_found"


class StorageDenied(PermanentError):
    """Raised when storage refuses the credentials or the operation."""

    code = "storage_denied"


class StorageRefused(PermanentError):
    """Raised when storage answers that a request can never work."""

    code = "storage_refused"


class StorageUnavailable(TransientError):
    """Raised when storage cannot be reached, times out, is too busy or answers 5xx."""

    code = "storage_unavailable"


class ClockSkewed(TransientError):
    """Raised when storage refuses a request because this machine's clock is off."""

    code = "clock_skewed"


class DestinationIsSource(PermanentError):
    """Raised when a result would overwrite its source."""

    code = "destination_is_source"


class DestinationOverlaps(PermanentError):
    """Raised when the results of a batch would lie among its photographs."""

    code = "destination_overlaps"


class DestinationIsPrefix(PermanentError):
    """Raised when a result would stand where storage has a folder of other objects."""

    code = "destination_is_prefix"


class UploadNotFound(PermanentError):
    """Raised when no upload has this id."""

    code = "upload_not_found"


class UploadIncomplete(PermanentError):
    """Raised when storage does not have the parts that an upload is to be made of."""

    code = "upload_incomplete"


class UploadExpired(PermanentError):
    """Raised when an upload's file is deleted: no job used it in time, or a client deleted it."""

    code = "upload_expired"
