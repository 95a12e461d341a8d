import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from cli.main import cli
from core.errors import InvalidSetting, KeyNotFound
from core.keys import KeyStore, Scope
from core.keys.tokens import id_of


@pytest.fixture(autouse=True)
def _on_an_empty_redis(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert redis.ping()
    monkeypatch.setenv("TINTYPE_REDIS_URL", redis_url)
    monkeypatch.chdir(tmp_path)


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments], catch_exceptions=False)


def test_a_key_is_printed_once_and_alone(redis: Redis) -> None:
    done = keys("create", "--name", "page")
    assert done.exit_code == 0
    text = done.stdout.strip()
    found = KeyStore(redis).find(text).key
    assert found.id == id_of(text)
    assert found.scopes == {Scope.SUBMIT, Scope.READ}
    assert text not in done.stderr
    assert f"tintype keys revoke {found.id}" in done.stderr
    for listing in (keys("list"), keys("list", "--json")):
        assert text not in listing.output
        assert found.id in listing.output


@pytest.mark.parametrize(
    ("name", "shown"), [("Ann [laptop]", "Ann [laptop]"), ("a [/b]", "a [/b]"), ("c\x1b[31m", "c")]
)
def test_names_are_shown_as_they_are(name: str, shown: str) -> None:
    assert keys("create", "--name", name).exit_code == 0
    listing = keys("list")
    assert listing.exit_code == 0
    assert shown in listing.output
    assert "\x1b" not in listing.output


def test_everything_about_a_key_can_be_said(redis: Redis) -> None:
    arguments = ["create", "--name", "archive", "--scope", "read", "--scope", "admin"]
    arguments += ["--buckets", "photos:read", "--owner", "archive", "--expires", "90d"]
    done = keys(*arguments, "--rate", "10/minute", "--quota", "1000")
    assert done.exit_code == 0
    (made,) = KeyStore(redis).list()
    assert made.scopes == {Scope.READ, Scope.ADMIN}
    assert (made.access, made.owner, made.rate, made.quota) == (
        "photos:read",
        "archive",
        "10/minute",
        1000,
    )
    assert made.expires
    assert (made.expires - made.created).days in (89, 90)
    (shown,) = map(json.loads, keys("list", "--json").stdout.splitlines())
    assert shown["scopes"] == ["read", "admin"]


@pytest.mark.parametrize(
    "arguments", [["--scope", "root"], ["--expires", "soon"], ["--quota", "0"], []]
)
def test_what_click_can_tell_is_refused(arguments: list[str]) -> None:
    name = ["--name", "x"] if arguments else []
    assert keys("create", *name, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("option", "value"), [("--rate", "often"), ("--owner", "a b"), ("--buckets", "photos:look")]
)
def test_what_cannot_be_a_key_is_refused(redis: Redis, option: str, value: str) -> None:
    with pytest.raises(InvalidSetting):
        keys("create", "--name", "x", option, value)
    assert not KeyStore(redis).list()


def test_a_key_is_revoked(redis: Redis) -> None:
    text = keys("create", "--name", "x").stdout.strip()
    (made,) = KeyStore(redis).list()
    assert keys("revoke", made.id).exit_code == 0
    assert not KeyStore(redis).any_usable()
    assert "revoked" in keys("list").output
    assert text not in keys("list").output
    with pytest.raises(KeyNotFound):
        keys("revoke", "nobody00")


def test_without_a_setting_the_redis_of_tintype_up_is_taken(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TINTYPE_REDIS_URL")
    Path(".tintype").mkdir()
    Path(".tintype/stack.json").write_text(json.dumps({"redis": redis_url}))
    assert keys("create", "--name", "x").exit_code == 0
    assert len(KeyStore(redis).list()) == 1
