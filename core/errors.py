"""Every error Tintype raises on purpose. Codes are stable: clients and operators match on them."""

from typing import ClassVar


class TintypeError(Exception):
    """Root of all errors; its message says what happened and what to do."""

    code: ClassVar[str] = "internal_error"


class PermanentError(TintypeError):
    """Trying again cannot help."""


class TransientError(TintypeError):
    """A server is away or busy; trying again later can help."""


class AttemptError(TintypeError):
    """Something went wrong in this attempt; another may do better, a few times."""


class InvalidSetting(PermanentError):
    """Raised when a setting has a value that cannot work."""

    code = "invalid_setting"


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


class QueueUnavailable(TransientError):
    """Raised when Redis cannot be reached."""

    code = "queue_unavailable"


class QueueFull(TransientError):
    """Raised when so many jobs are queued that no more are accepted."""

    code = "queue_full"


class IdempotencyConflict(PermanentError):
    """Raised when an idempotency key comes again with another request."""

    code = "idempotency_conflict"


class UploadNotFound(PermanentError):
    """Raised when no upload has this id."""

    code = "upload_not_found"


class UploadIncomplete(PermanentError):
    """Raised when storage does not have the parts that an upload is to be made of."""

    code = "upload_incomplete"


class UploadExpired(PermanentError):
    """Raised when an upload's file is deleted: no job used it in time, or a client deleted it."""

    code = "upload_expired"


class NoLiveWorker(TransientError):
    """Raised when no worker has been heard from lately."""

    code = "no_live_worker"


class JobNotFound(PermanentError):
    """Raised when no job has this id."""

    code = "job_not_found"


class BatchNotFound(PermanentError):
    """Raised when no batch has this id."""

    code = "batch_not_found"


class InvalidManifest(PermanentError):
    """Raised when a manifest cannot be read, or has changed while it was read."""

    code = "invalid_manifest"


class InvalidRow(PermanentError):
    """Raised when a row of a manifest does not name a photograph."""

    code = "invalid_row"


class ResultGone(PermanentError):
    """Raised when the result of a succeeded job is no longer in storage."""

    code = "result_gone"


class InvalidCursor(PermanentError):
    """Raised when a page's cursor is not one that a listing returned."""

    code = "invalid_cursor"


class EmptyObject(PermanentError):
    """Raised when the source has no bytes."""

    code = "empty_object"


class ObjectTooLarge(PermanentError):
    """Raised when the source has more bytes than allowed."""

    code = "object_too_large"


class ImageTooLarge(PermanentError):
    """Raised when the header promises more pixels than allowed."""

    code = "image_too_large"


class UnsupportedFormat(PermanentError):
    """Raised when the bytes are not an image of a supported format."""

    code = "unsupported_format"


class BrokenImage(PermanentError):
    """Raised when an image of a supported format cannot be decoded to its end."""

    code = "broken_image"


class AlreadyColor(PermanentError):
    """Raised when a photograph is in colour and was not to be recoloured."""

    code = "already_color"

    def __init__(self, message: str, chroma: float, width: int, height: int) -> None:
        super().__init__(message)
        self.chroma = chroma
        self.width = width
        self.height = height


class DestinationIsSource(PermanentError):
    """Raised when a result would overwrite its source."""

    code = "destination_is_source"


class DestinationOverlaps(PermanentError):
    """Raised when the results of a batch would lie among its photographs."""

    code = "destination_overlaps"


class DestinationIsPrefix(PermanentError):
    """Raised when a result would stand where storage has a folder of other objects."""

    code = "destination_is_prefix"


class UnknownModel(PermanentError):
    """Raised when neither the catalogue nor a folder has this model."""

    code = "unknown_model"


class ModelNotInstalled(PermanentError):
    """Raised when a model is in the catalogue but its files are not on this machine."""

    code = "model_not_installed"


class ModelCorrupt(PermanentError):
    """Raised when a model's files do not match their manifest or cannot be loaded."""

    code = "model_corrupt"


class DownloadFailed(TransientError):
    """Raised when a model's file cannot be fetched."""

    code = "download_failed"


class TrainingError(PermanentError):
    """Raised when a training run cannot start or go on."""

    code = "training_failed"


class UnknownEngine(PermanentError):
    """Raised when no engine has this name."""

    code = "unknown_engine"


class EngineNotInstalled(PermanentError):
    """Raised when an engine's packages are not installed."""

    code = "engine_not_installed"


class EngineFailed(PermanentError):
    """Raised when an engine cannot run a network, or does not agree with the reference."""

    code = "engine_failed"


class UnsupportedLayer(EngineFailed):
    """Raised when a network has a layer that only the engine opencv knows."""

    code = "unsupported_layer"


class WrongState(PermanentError):
    """Raised when a job is asked for something that its state does not allow."""

    code = "wrong_state"


class AttemptOver(PermanentError):
    """Raised in a worker when its job was canceled or given to another."""

    code = "attempt_over"


class StepOver(PermanentError):
    """Raised in a worker when another one looks after its batch."""

    code = "step_over"


class InvalidWebhook(PermanentError):
    """Raised when a webhook's URL is not one that may be called."""

    code = "invalid_webhook"


class WebhooksOff(PermanentError):
    """Raised when a job names a webhook and there is no secret to sign deliveries with."""

    code = "webhooks_off"


class WebhookRefused(PermanentError):
    """Raised when a webhook's host has an address that must not be called."""

    code = "webhook_refused"


class WebhookUnreachable(TransientError):
    """Raised when a webhook's receiver cannot be reached or does not answer."""

    code = "webhook_unreachable"


class DeliveryNotFound(PermanentError):
    """Raised when no webhook delivery has this id."""

    code = "delivery_not_found"


class HooksOff(PermanentError):
    """Raised when bucket events come and nothing is set by which their sender could be known."""

    code = "hooks_off"


class SenderUnknown(PermanentError):
    """Raised when the sender of bucket events shows neither the secret nor a valid signature."""

    code = "sender_unknown"


class InvalidEvent(PermanentError):
    """Raised when a bucket event is not in a form that is understood."""

    code = "invalid_event"


class TooManyEvents(PermanentError):
    """Raised when one message has more bucket events than are taken at a time."""

    code = "too_many_events"


class SnsUnreachable(TransientError):
    """Raised when Amazon SNS does not give its certificate, or does not take a confirmation."""

    code = "sns_unreachable"


class TooManyStreams(TransientError):
    """Raised when as many event streams are open as may be."""

    code = "too_many_streams"


class JobTimeout(AttemptError):
    """Raised when a job works longer than its time limit."""

    code = "timeout"


class OutOfMemory(AttemptError):
    """Raised when an image needs more memory than the worker has."""

    code = "out_of_memory"


class StackError(PermanentError):
    """Raised when the embedded stack cannot start."""

    code = "stack_failed"
