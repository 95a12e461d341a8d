"""What can be said about a webhook when a job is submitted."""

from core.errors import WebhooksOff
from core.jobs import Webhook
from core.settings import Settings
from core.webhook_urls import check_before_lookup, parse_networks, parse_webhook_url


def check_webhook(settings: Settings, webhook: Webhook | None) -> None:
    """Refuse a webhook that cannot work; its host is looked up when it is called.

    Raises:
        WebhooksOff: there is no secret to sign deliveries with.
        InvalidWebhook, WebhookRefused: its URL is plainly not one that may be called.
    """
    if webhook is None:
        return
    if settings.webhook_secret is None:
        raise WebhooksOff("there are no webhooks here: TINTYPE_WEBHOOK_SECRET is not set")
    check_before_lookup(parse_webhook_url(webhook.url), parse_networks(settings.webhook_allow))
