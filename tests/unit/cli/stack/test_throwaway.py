import pytest

from cli.stack import throwaway
from core.settings import Settings

OPERATORS = {
    "REDIS_URL": "rediss://prod:6379/0",
    "REDIS_NAMESPACE": "prod",
    "BROKER_URL": "rediss://prod:6379/1",
    "REDIS_CA": __file__,
    "REDIS_CERT": __file__,
    "REDIS_CERT_KEY": __file__,
    "S3_ENDPOINT": "https://s3.example.org",
    "S3_ACCESS_KEY": "prod",
    "S3_SECRET_KEY": "hush",
    "S3_PATH_STYLE": "false",
    "BUCKET": "prod",
    "BUCKETS": "prod",
    "QUEUES": "low",
    "MAX_QUEUED": "1",
    "RULES": "/etc/tintype/rules.toml",
    "WEBHOOK_URL": "https://hooks.example.org",
    "KEYS": "required",
    "RATE_LIMIT": "1/day",
    "METRICS_PORT": "9464",
    "OTEL": "true",
}


def test_a_throwaway_service_keeps_what_the_work_is_done_with_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = {"TINTYPE_MODEL": "tint-small", "TINTYPE_ENGINE": "opencv", "TINTYPE_THREADS": "2"}
    operators = {f"TINTYPE_{name}": value for name, value in OPERATORS.items()}
    for name, value in (operators | work).items():
        monkeypatch.setenv(name, value)
    settings = throwaway(Settings.load())
    environment = settings.as_environment()
    assert work.items() <= environment.items()
    assert not environment.keys() & operators.keys()
    assert settings.broker == Settings.model_fields["redis_url"].default
    assert (settings.otel, settings.queues) == (False, "high,normal,low")
