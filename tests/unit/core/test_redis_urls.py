import pytest

from core.errors import InvalidSetting
from core.redis_urls import Mode, RedisUrl, check_broker_url, parse_redis_url
from core.settings import Settings

NODES = (("a.example", 26379), ("b", 1))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost", RedisUrl(Mode.SINGLE, tls=False)),
        ("rediss://u:p@host:1/2", RedisUrl(Mode.SINGLE, tls=True)),
        (
            "redis+sentinel://a.example,b:1/photos",
            RedisUrl(Mode.SENTINEL, tls=False, nodes=NODES, service="photos"),
        ),
        (
            "rediss+sentinel://u:p%40@[::1]:7/photos/3?sentinel_user=s&sentinel_password=%2F",
            RedisUrl(
                Mode.SENTINEL,
                tls=True,
                nodes=(("::1", 7),),
                service="photos",
                db=3,
                login={"username": "u", "password": "p@"},
                sentinel_login={"username": "s", "password": "/"},
            ),
        ),
        (
            "redis+cluster://:p@a:1,b/",
            RedisUrl(
                Mode.CLUSTER, tls=False, nodes=(("a", 1), ("b", 6379)), login={"password": "p"}
            ),
        ),
    ],
)
def test_what_urls_say(url: str, expected: RedisUrl) -> None:
    assert parse_redis_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hush@host:port/0",
        "redis://:hush@host:99999/0",
        "http://:hush@host",
        "redis+sentinel://:hush@host:26379",
        "redis+sentinel://:hush@host:26379/ser vice",
        "redis+sentinel://:hush@host:26379/service/x",
        "redis+sentinel://:hush@host:26379/service?password=hush",
        "redis+sentinel://:hush@host:0/service",
        "redis+sentinel://:hush@,/service",
        "redis+sentinel://:hush@a@b/service",
        "redis+cluster://:hush@host:7000/3",
        "redis+cluster://:hush@host:7000?x=hush",
        "redis+cluster://:hush@host:123456",
        "redis+cluster://:hush@ho\nst:1",
        "redis+ring://:hush@host",
    ],
)
def test_what_cannot_work_is_said_without_the_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TINTYPE_REDIS_URL", url)
    with pytest.raises(InvalidSetting, match=r"TINTYPE_REDIS_URL: .*(must|only|may)") as caught:
        Settings.load()
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(parse_redis_url("redis+cluster://:hush@host"))


def test_celery_needs_a_broker_beside_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINTYPE_REDIS_URL", "redis+cluster://a,b")
    with pytest.raises(InvalidSetting, match=r"TINTYPE_BROKER_URL: .* a Redis beside it"):
        Settings.load()
    monkeypatch.setenv("TINTYPE_BROKER_URL", "redis+cluster://a,b")
    with pytest.raises(InvalidSetting, match=r"TINTYPE_BROKER_URL: .*Celery cannot use a cluster"):
        Settings.load()
    monkeypatch.setenv("TINTYPE_BROKER_URL", "redis://c/0")
    settings = Settings.load()
    assert (settings.broker, settings.has_own_broker) == ("redis://c/0", True)


def test_the_broker_is_the_state_unless_one_is_named() -> None:
    settings = Settings(redis_url="redis://a/1")
    assert (settings.broker, settings.has_own_broker) == ("redis://a/1", False)
    assert check_broker_url("redis+sentinel://a/s") == "redis+sentinel://a/s"


@pytest.mark.parametrize("name", ["", "Photos", "a b", "a}", "{a}", "a:b", "-a", "a" * 33])
def test_namespaces_are_plain_words(name: str) -> None:
    with pytest.raises(ValueError, match="redis_namespace"):
        Settings(redis_namespace=name)
