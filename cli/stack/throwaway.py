"""Services that are thrown away: for samples, and to measure."""

from core.settings import Settings

SERVERS = (
    *("redis_url", "redis_namespace", "broker_url", "redis_ca", "redis_cert", "redis_cert_key"),
    *("s3_endpoint", "s3_public_endpoint", "s3_region", "s3_access_key", "s3_secret_key"),
    *("s3_path_style", "bucket", "buckets"),
)
"""Settings that say where an installation keeps its state, its messages and its photographs."""
RULES = (
    *("queues", "max_queued", "rules", "hooks_secret", "sns_topics"),
    *("webhook_url", "webhook_secret", "webhook_allow"),
    *("keys", "allow_anonymous", "hosts", "rate_limit", "cors_origins"),
    *("metrics_port", "metrics_host", "otel"),
)
"""Settings that say who may ask an installation for what, and who hears of it."""


def throwaway(settings: Settings) -> Settings:
    """Return the settings of a service that has nothing to do with the one that somebody runs."""
    return settings.without(*SERVERS, *RULES)
