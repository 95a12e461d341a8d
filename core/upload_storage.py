"""Uploads in storage: signed URLs for clients, files in parts, and deleting what nobody used."""

from collections.abc import Mapping, Sequence
from math import ceil

from core.errors import BucketForbidden, UploadIncomplete
from core.jobs.uploads import Upload, upload_id
from core.objects import ObjectRef
from core.s3 import translated
from core.settings import Settings
from core.storage import Storage

PART_BYTES = 16 * 1024 * 1024
"""Larger files come in parts of this size; S3 wants 5 MiB at least for all but the last."""
MAX_PARTS = 1000
"""Of one upload, as many as storage lists at once; parts of very large files are larger."""


def part_sizes(size: int) -> Sequence[int]:
    """Return the bytes of each part of a file; one part is a plain PUT."""
    part = max(PART_BYTES, ceil(size / MAX_PARTS))
    return [min(part, size - start) for start in range(0, size, part)]


class UploadStorage(Storage):
    """Storage that clients may write one object into, and that forgets it again."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._own_bucket = settings.bucket

    def presign_put(self, ref: ObjectRef, content_type: str, size: int, seconds: int) -> str:
        """Return a URL to which a file of just this type and size can be PUT."""
        with translated(ref):
            return self._public_client.generate_presigned_url(
                "put_object",
                Params={
                    "Bucket": ref.bucket,
                    "Key": ref.key,
                    "ContentType": content_type,
                    "ContentLength": size,
                },
                ExpiresIn=seconds,
            )

    def presign_part(
        self, ref: ObjectRef, multipart: str, number: int, size: int, seconds: int
    ) -> str:
        """Return a URL to which a part of just this size can be PUT; its ETag is answered."""
        with translated(ref):
            return self._public_client.generate_presigned_url(
                "upload_part",
                Params={
                    "Bucket": ref.bucket,
                    "Key": ref.key,
                    "UploadId": multipart,
                    "PartNumber": number,
                    "ContentLength": size,
                },
                ExpiresIn=seconds,
            )

    def begin_parts(self, ref: ObjectRef, content_type: str) -> str:
        """Return storage's id of a new upload in parts."""
        with translated(ref):
            answer = self._client.create_multipart_upload(
                Bucket=ref.bucket, Key=ref.key, ContentType=content_type
            )
        return answer["UploadId"]

    def join_parts(self, upload: Upload, etags: Mapping[int, str]) -> None:
        """Make the object of an upload from its parts; doing it again does nothing.

        Raises:
            UploadIncomplete: storage has other parts than these, or none.
        """
        ref = upload.source
        with translated(ref):
            try:
                self._check_parts(upload, etags)
                self._client.complete_multipart_upload(
                    Bucket=ref.bucket,
                    Key=ref.key,
                    UploadId=upload.multipart,
                    MultipartUpload={
                        "Parts": [
                            {"PartNumber": number, "ETag": f'"{etags[number]}"'}
                            for number in sorted(etags)
                        ]
                    },
                )
            except self._client.exceptions.NoSuchUpload as error:
                # It was joined before, and the answer did not arrive, or storage has lost it.
                if self.head(ref) is None:
                    raise UploadIncomplete(
                        "storage has no parts of this upload any more; begin a new upload"
                    ) from error

    def _check_parts(self, upload: Upload, etags: Mapping[int, str]) -> None:
        """Compare parts before storage is asked to join them: rclone forgets all if one is wrong.

        The sizes are compared as well, for servers that do not hold a part to the signed one.
        """
        ref = upload.source
        answer = self._client.list_parts(
            Bucket=ref.bucket, Key=ref.key, UploadId=upload.multipart, MaxParts=MAX_PARTS
        )
        stored = {
            part["PartNumber"]: (part["ETag"].strip('"'), part["Size"])
            for part in answer.get("Parts", [])
        }
        wanted = {
            number: (etags.get(number), size)
            for number, size in enumerate(part_sizes(upload.bytes), 1)
        }
        wrong = [number for number in wanted if stored.get(number) != wanted[number]]
        if wrong:
            raise UploadIncomplete(
                f"storage has no such part: {', '.join(map(str, wrong[:10]))}; "
                "PUT it, and name the ETag of the answer"
            )

    def remove(self, upload: Upload) -> None:
        """Delete the object of an upload, and its parts; doing it again does nothing.

        Raises:
            BucketForbidden: the record names an object that is no upload of ours.
        """
        ref = upload.source
        if ref.bucket != self._own_bucket or upload_id(ref) != upload.id:
            raise BucketForbidden(f"{ref} is not what upload {upload.id} can be; it is kept")
        with translated(ref):
            if upload.multipart:
                self._abort_parts(upload)
            self._client.delete_object(Bucket=ref.bucket, Key=ref.key)

    def _abort_parts(self, upload: Upload) -> None:
        ref = upload.source
        try:
            self._client.abort_multipart_upload(
                Bucket=ref.bucket, Key=ref.key, UploadId=upload.multipart
            )
        except self._client.exceptions.NoSuchUpload:
            # It was joined or aborted before.
            return
