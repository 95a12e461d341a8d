"""Objects in S3-compatible storage: read with limits, written with metadata.

Nothing is ever deleted but uploads of our own that no job used; see ``core.upload_storage``.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from core.errors import (
    BucketNotFound,
    InvalidCursor,
    ObjectTooLarge,
    SourceNotFound,
    StorageRefused,
)
from core.objects import ObjectRef, content_disposition
from core.s3 import MISSING_KEY, error_code, make_client, translated
from core.settings import Settings
from core.stored import Listed, ObjectHead, Opened, StoredObject

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3.type_defs import CreateBucketConfigurationTypeDef

CHUNK = 1024 * 1024
DEFAULT_REGION = "us-east-1"
_OURS = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


class Storage:
    """A thin, typed layer over one boto3 client.

    Every method raises BucketNotFound, SourceNotFound, StorageDenied, StorageRefused or
    StorageUnavailable.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = make_client(settings, settings.s3_endpoint)
        public = settings.s3_public_endpoint or settings.s3_endpoint
        same = public == settings.s3_endpoint
        self._public_client = self._client if same else make_client(settings, public)
        self._region = settings.s3_region
        self._presign_seconds = settings.presign_seconds

    def fetch(self, ref: ObjectRef, max_bytes: int) -> StoredObject:
        """Read an object, with its promised size checked first and its real size on the way.

        Raises:
            ObjectTooLarge: it has more than ``max_bytes`` bytes.
        """
        with translated(ref):
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

    def stream(self, ref: ObjectRef, most: int | None = None) -> Opened:
        """Open an object now; of a long one perhaps only the first ``most`` bytes are wanted."""
        place = {} if most is None else {"Range": f"bytes=0-{most - 1}"}
        with translated(ref):
            answer = self._client.get_object(Bucket=ref.bucket, Key=ref.key, **place)  # type: ignore[arg-type]
        return Opened(
            _etag(answer), answer["ContentLength"], _translated_chunks(ref, answer["Body"])
        )

    def is_prefix(self, ref: ObjectRef) -> bool:
        """Whether other objects lie below this key, as if it were a folder."""
        with translated(ref):
            # The delimiter keeps servers over a file system from walking all that is below.
            answer = self._client.list_objects_v2(
                Bucket=ref.bucket, Prefix=f"{ref.key}/", Delimiter="/", MaxKeys=1
            )
        return "Contents" in answer or "CommonPrefixes" in answer

    def store(
        self,
        ref: ObjectRef,
        data: bytes | BinaryIO,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Write an object whole; readers see the old one or the new one. Return its entity tag."""
        with translated(ref):
            answer = self._client.put_object(
                Bucket=ref.bucket,
                Key=ref.key,
                Body=data,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
            )
        return _etag(answer)

    def store_file(
        self,
        ref: ObjectRef,
        file: BinaryIO,
        content_type: str,
        on_progress: Callable[[], object] = lambda: None,
    ) -> None:
        """Write a file of any size, in parts if it is large; ``on_progress`` is called on the way.

        What it raises ends the writing, as StorageUnavailable perhaps.
        """
        with translated(ref):
            self._client.upload_fileobj(
                file,
                ref.bucket,
                ref.key,
                ExtraArgs={"ContentType": content_type},
                Callback=lambda _bytes: on_progress(),
                Config=TransferConfig(use_threads=False),
            )

    def head(self, ref: ObjectRef) -> ObjectHead | None:
        """Return what storage knows of an object; None if there is no such object."""
        try:
            with translated(ref):
                answer = self._client.head_object(Bucket=ref.bucket, Key=ref.key)
        except (SourceNotFound, BucketNotFound):
            return None
        # Names of headers: servers differ in their letters' case.
        metadata = {name.lower(): value for name, value in answer.get("Metadata", {}).items()}
        return ObjectHead(_etag(answer), answer["ContentLength"], metadata)

    def list_page(
        self, bucket: str, prefix: str, after: str = "", most: int = 1000
    ) -> tuple[Sequence[Listed], bool]:
        """Return objects in the order of their keys' bytes, and whether there are more.

        ``after`` is the key after which the page begins; ``most`` is at most 1000.
        """
        place: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "MaxKeys": most}
        with translated(bucket):
            answer = self._client.list_objects_v2(**place, StartAfter=after)
            # A server may have nothing to show on a page and more after it.
            while answer.get("IsTruncated") and not answer.get("Contents"):
                token = answer["NextContinuationToken"]
                answer = self._client.list_objects_v2(**place, ContinuationToken=token)
        found = answer.get("Contents", [])
        return [Listed(each["Key"], each["Size"], _etag(each)) for each in found], bool(
            answer.get("IsTruncated")
        )

    def browse(
        self, bucket: str, prefix: str, token: str = "", most: int = 500
    ) -> tuple[Sequence[str], Sequence[Listed], str]:
        """Return folders and objects right below a prefix, and the token of the next page.

        ``token`` is that of an earlier page; an empty one is that of the first, and of none.

        Raises:
            InvalidCursor: storage does not know the token.
        """
        place: dict[str, Any] = {"ContinuationToken": token} if token else {}
        try:
            with translated(bucket):
                answer = self._client.list_objects_v2(
                    Bucket=bucket, Prefix=prefix, Delimiter="/", MaxKeys=most, **place
                )
        except StorageRefused as error:
            if not token:
                raise
            raise InvalidCursor("cursor must be the 'next' of an earlier page") from error
        folders = [each["Prefix"] for each in answer.get("CommonPrefixes", [])]
        found = [
            Listed(each["Key"], each["Size"], _etag(each)) for each in answer.get("Contents", [])
        ]
        return folders, found, answer.get("NextContinuationToken", "")

    def read_on(self, ref: ObjectRef, offset: int = 0) -> tuple[str, Generator[bytes]]:
        """Open an object at a byte; return its entity tag, and the rest in chunks of 1 MiB."""
        place = {"Range": f"bytes={offset}-"} if offset else {}
        with translated(ref):
            answer = self._client.get_object(Bucket=ref.bucket, Key=ref.key, **place)  # type: ignore[arg-type]
        return _etag(answer), _translated_chunks(ref, answer["Body"])

    def copy(
        self,
        source: ObjectRef,
        destination: ObjectRef,
        etag: str,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Copy an object within storage, if it still has this entity tag; return the copy's.

        Only the bytes are the same; both may be one object, whose metadata is another then.
        """
        with translated(source):
            answer = self._client.copy_object(
                Bucket=destination.bucket,
                Key=destination.key,
                CopySource={"Bucket": source.bucket, "Key": source.key},
                CopySourceIfMatch=etag,
                ContentType=content_type,
                Metadata=dict(metadata),
                MetadataDirective="REPLACE",
            )
        # Some servers do not say the tag of what is only described anew.
        return _etag(answer["CopyObjectResult"]) or etag

    def presign(
        self, ref: ObjectRef, content_type: str, method: Literal["GET", "HEAD"] = "GET"
    ) -> str:
        """Return a URL that downloads the object for a while, whoever holds it.

        It comes as a file of this type, whatever it is stored as: no browser runs it as a page.
        """
        with translated(ref):
            return self._public_client.generate_presigned_url(
                "head_object" if method == "HEAD" else "get_object",
                Params={
                    "Bucket": ref.bucket,
                    "Key": ref.key,
                    "ResponseContentType": content_type,
                    "ResponseContentDisposition": content_disposition("attachment", ref.key),
                },
                ExpiresIn=self._presign_seconds,
            )

    def check(self, bucket: str) -> None:
        """Ask storage for a sign of life."""
        with translated(bucket):
            self._client.head_bucket(Bucket=bucket)

    def ensure_bucket(self, bucket: str) -> None:
        """Create the bucket if there is none."""
        with translated(bucket):
            try:
                self._client.head_bucket(Bucket=bucket)
            except ClientError as error:
                if error_code(error) not in (*MISSING_KEY, "NoSuchBucket"):
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
            if error_code(error) not in _OURS:
                raise


def _etag(answer: Mapping[str, Any]) -> str:
    return str(answer.get("ETag", "")).strip('"')


def _chunks(body: "StreamingBody") -> Generator[bytes]:
    """Yield a body in parts, and give its connection back even to a reader who leaves early."""
    with closing(body):
        yield from body.iter_chunks(CHUNK)


def _translated_chunks(ref: ObjectRef, body: "StreamingBody") -> Generator[bytes]:
    with translated(ref):
        yield from _chunks(body)


def _too_large(ref: ObjectRef, max_bytes: int) -> ObjectTooLarge:
    return ObjectTooLarge(f"{ref} has more than {max_bytes} bytes; see TINTYPE_MAX_BYTES")
