"""Errors of webhooks that we call, and of events that come in."""

from core.errors.base import PermanentError, TransientError


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
