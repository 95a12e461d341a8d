"""A client of Tintype's HTTP API; needs nothing else of Tintype."""

from tintype_client.async_client import AsyncClient
from tintype_client.batch_models import Batch, Entry
from tintype_client.client import Client
from tintype_client.errors import (
    InvalidSignature,
    TintypeApiError,
    TintypeClientError,
    TintypeConnectionError,
    WaitTimeout,
)
from tintype_client.models import (
    Event,
    Hint,
    Job,
    Model,
    ObjectRef,
    Options,
    Problem,
    Readiness,
    Retried,
    Variant,
)
from tintype_client.webhooks import WebhookEvent, verify_webhook

__all__ = [
    "AsyncClient",
    "Batch",
    "Client",
    "Entry",
    "Event",
    "Hint",
    "InvalidSignature",
    "Job",
    "Model",
    "ObjectRef",
    "Options",
    "Problem",
    "Readiness",
    "Retried",
    "TintypeApiError",
    "TintypeClientError",
    "TintypeConnectionError",
    "Variant",
    "WaitTimeout",
    "WebhookEvent",
    "verify_webhook",
]
