"""Checking webhooks (standardwebhooks.com, symmetric signatures v1)."""

import base64
import binascii
import hmac
import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tintype_client.batch_models import Batch
from tintype_client.errors import InvalidSignature
from tintype_client.models import Answer, Job

PREFIX = "whsec_"


class WebhookEvent(Answer):
    """What a webhook has told."""

    id: str
    """The same when it is told again."""
    type: str
    """``job.succeeded``, ``job.failed`` …, ``batch.succeeded`` …"""
    timestamp: datetime
    data: dict[str, Any]
    """The record, as it came."""

    @property
    def job(self) -> Job | None:
        """The job, if it is about one."""
        return Job.model_validate(self.data) if self.type.startswith("job.") else None

    @property
    def batch(self) -> Batch | None:
        """The batch, if it is about one."""
        return Batch.model_validate(self.data) if self.type.startswith("batch.") else None


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    *secrets: str,
    tolerance: float = 300,
) -> WebhookEvent:
    """Return what a webhook tells, if it is signed with one of the secrets and recent.

    Remember the ``id`` of what has been dealt with: a webhook whose answer was lost comes again.

    Args:
        headers: of the request, in whatever case.
        body: of the request, as it came: read from JSON and written again it is another.
        secrets: ``whsec_`` and base64; several while one replaces another, each an argument of
            its own or separated by spaces.
        tolerance: seconds that its timestamp may be away from this machine's clock.

    Raises:
        InvalidSignature: it is not genuine, too old, or not what Tintype sends; answer with 400.
        ValueError: a secret cannot be read, or there is none.
    """
    keys = [_key(secret) for text in secrets for secret in text.split()]
    if not keys:
        raise ValueError("there is no secret to check webhooks with")
    message_id, timestamp, signatures = _signed_headers(headers)
    content = f"{message_id}.{timestamp}.".encode(errors="replace") + body
    given = [word.encode(errors="replace") for word in signatures.split()]
    # Every pair is compared, each in constant time.
    matches = [hmac.compare_digest(_sign(key, content), one) for key in keys for one in given]
    if not any(matches):
        raise InvalidSignature("no signature of the webhook fits a secret")
    if abs(time.time() - int(timestamp)) > tolerance:
        raise InvalidSignature(f"the webhook's timestamp is more than {tolerance:g} s away")
    try:
        return WebhookEvent.model_validate({**json.loads(body), "id": message_id})
    except (ValueError, TypeError) as error:
        raise InvalidSignature(f"the webhook is signed and cannot be read: {error}") from error


def _signed_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the id, the timestamp and the signatures."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp, signatures = (
            lower[f"webhook-{name}"] for name in ("id", "timestamp", "signature")
        )
    except KeyError as error:
        raise InvalidSignature(f"the webhook lacks the header {error}") from error
    if not re.fullmatch(r"[0-9]{1,15}", timestamp):
        raise InvalidSignature("webhook-timestamp is not a number of seconds")
    return message_id, timestamp, signatures


def _sign(key: bytes, content: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        # Not with the secret in it, nor in what caused it.
        raise ValueError("a secret is whsec_ and base64")
    return key
