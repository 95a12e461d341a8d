import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import InvalidSetting
from core.settings import BASE_MEMORY, Settings


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINTYPE_MAX_PIXELS", "1000")
    monkeypatch.setenv("TINTYPE_REDIS_URL", "redis://example:1/2")
    settings = Settings.load()
    assert settings.max_pixels == 1000
    assert settings.redis_url == "redis://example:1/2"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCURRENCY", "-1"),
        ("JOB_TIMEOUT", "0.5"),
        ("JOB_TIMEOUT", "inf"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("REDIS_NAMESPACE", "{photos}"),
        ("REDIS_CA", "/no/such/file"),
        ("S3_ENDPOINT", "localhost:9000"),
        ("S3_ENDPOINT", "http://host/path"),
        ("S3_PUBLIC_ENDPOINT", "photos.example"),
        ("BUCKET", "Photos"),
        ("LOG_LEVEL", "loud"),
        ("MAX_MEMORY", "-1"),
        ("MAX_MEMORY", "1"),
        ("KEYS", "maybe"),
        ("RATE_LIMIT", "often"),
        ("RATE_LIMIT", "0/minute"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("PRESIGN_SECONDS", "3601"),
        ("QUEUES", "urgent"),
        ("QUEUES", "high,"),
        ("QUEUES", "high normal"),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TINTYPE_{name}", value)
    with pytest.raises(InvalidSetting, match=f"TINTYPE_{name}"):
        Settings.load()


def test_settings_can_go_back_to_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINTYPE_REDIS_URL", "redis://example:1/2")
    monkeypatch.setenv("TINTYPE_MAX_PIXELS", "1000")
    settings = Settings.load().without("redis_url", "s3_endpoint")
    assert settings.redis_url == Settings.model_fields["redis_url"].default
    assert settings.max_pixels == 1000
    assert "TINTYPE_REDIS_URL" not in settings.as_environment()


def test_settings_do_not_change_and_do_not_show_the_secret() -> None:
    settings = Settings(s3_secret_key="hush")
    assert "hush" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.max_pixels = 1  # type: ignore[misc]


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(s3_secret_key="hush", max_bytes=77, model=None)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings


def test_the_documentation_lists_every_setting_and_its_default() -> None:
    text = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `TINTYPE_(\w+)` \| (.*?) \|", text, re.MULTILINE))
    assert list(rows) == [name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, bool | int | float):
            assert rows[name.upper()] == f"`{str(field.default).lower()}`"


def test_memory_is_enough_for_the_largest_image_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings(max_pixels=1_000_000).memory == BASE_MEMORY + 60_000_000
    assert Settings().memory > 4 * 1000**3
    assert Settings(max_memory=0).memory == 0
    monkeypatch.setenv("TINTYPE_MAX_MEMORY", "100000000")
    assert Settings.load().memory == 100_000_000
    assert Settings.load().as_environment()["TINTYPE_MAX_MEMORY"] == "100000000"
