from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from redis import Redis

from core.errors import InvalidBucket, InvalidSetting, KeyInvalid, KeyNotFound, QueueUnavailable
from core.keys import KeyRequest, KeyStore, Scope
from core.keys.tokens import digest, id_of, make_key
from core.redis_client import connect
from tests.support.keys import secret_of

BOTH = frozenset({Scope.SUBMIT, Scope.READ})
FULL = KeyRequest(
    name="the archive's page",
    owner="archive",
    scopes=BOTH,
    access="photos:read",
    expires=datetime.now(UTC).replace(microsecond=0) + timedelta(days=1),
    rate="10/minute",
    quota=100,
)


@pytest.fixture
def store(redis: Redis) -> KeyStore:
    return KeyStore(redis)


def test_keys_are_long_random_and_named() -> None:
    texts = [make_key() for _ in range(100)]
    assert len({text for _, text in texts}) == len({name for name, _ in texts}) == 100
    for name, text in texts:
        assert text.startswith(f"tt_{name}_")
        assert len(text) == 3 + 8 + 1 + 43
        assert id_of(text) == name
    for odd in ("", "tt__", text + "x", f" {text}", text.upper(), f"{text}\n"):
        assert id_of(odd) is None


def test_a_key_is_found_again_as_it_was_made(store: KeyStore) -> None:
    made, text = store.create(FULL)
    found = store.find(text).key
    assert found.model_dump(exclude={"last_used", "created"}) == made.model_dump(
        exclude={"last_used", "created"}
    )
    assert (made.owner, made.quota, made.rate) == ("archive", 100, "10/minute")
    (listed,) = store.list()
    assert listed.id == made.id


def test_the_owner_is_the_key_itself_unless_one_is_named(store: KeyStore) -> None:
    made, _ = store.create(KeyRequest(name="x", scopes=BOTH))
    assert made.owner == made.id


def test_redis_has_the_digest_alone(store: KeyStore, redis: Redis) -> None:
    made, text = store.create(FULL)
    kept = redis.hgetall(f"{{tintype}}:key:{made.id}")
    assert kept["digest"] == digest(text)
    assert secret_of(text) not in repr(kept)
    assert text not in repr(made)


def test_a_use_is_noted_at_most_once_a_minute(store: KeyStore, redis: Redis) -> None:
    made, text = store.create(FULL)
    assert store.find(text).key.last_used is None
    first = redis.hget(f"{{tintype}}:key:{made.id}", "last_used")
    assert first
    assert store.find(text).key.last_used
    assert redis.hget(f"{{tintype}}:key:{made.id}", "last_used") == first
    redis.hset(f"{{tintype}}:key:{made.id}", "last_used", int(first) - 61_000)
    store.find(text)
    assert int(redis.hget(f"{{tintype}}:key:{made.id}", "last_used") or 0) >= int(first)


def test_a_record_is_found_with_its_owner(store: KeyStore, redis: Redis) -> None:
    _, text = store.create(FULL)
    redis.hset("{tintype}:job:1", "owner", "ann")
    assert store.find(text, "job:1").owner == "ann"
    assert store.find(text, "job:2").owner == ""


def test_keys_that_opened_once_do_not_when_revoked(store: KeyStore) -> None:
    made, text = store.create(FULL)
    session, seconds = store.open_session(made)
    assert 0 < seconds <= 12 * 3600
    assert store.find_session(session).key.id == made.id
    assert store.any_usable()
    for _ in range(2):
        store.revoke(made.id)
    assert not store.any_usable()
    with pytest.raises(KeyInvalid):
        store.find(text)
    with pytest.raises(KeyInvalid):
        store.find_session(session)
    with pytest.raises(KeyNotFound, match="tintype keys list"):
        store.revoke("nobody00")


def test_a_session_ends_with_its_key(store: KeyStore, redis: Redis) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    made, _ = store.create(KeyRequest(name="x", scopes=BOTH, expires=soon))
    session, seconds = store.open_session(made)
    assert seconds <= 30
    assert 0 < redis.ttl(f"{{tintype}}:session:{digest(session)}") <= 30


def test_what_a_key_may_is_checked_when_it_is_made() -> None:
    odd: list[dict[str, object]] = [
        {"scopes": frozenset()},
        {"owner": "a:b"},
        {"rate": "often"},
        {"quota": 0},
    ]
    for wrong in odd:
        with pytest.raises(ValidationError):
            KeyRequest.model_validate({"name": "x", "scopes": BOTH} | wrong)
    with pytest.raises(InvalidBucket):
        KeyRequest(name="x", scopes=BOTH, access="UPPER")
    with pytest.raises(InvalidSetting):
        KeyRequest(name="x", scopes=BOTH, access="photos:look")


def test_without_redis_no_key_is_good(closed_port: int) -> None:
    store = KeyStore(connect(f"redis://127.0.0.1:{closed_port}/0", patience=0.1))
    with pytest.raises(QueueUnavailable):
        store.find(make_key()[1])


def test_admin_is_for_everything(store: KeyStore) -> None:
    admin, _ = store.create(KeyRequest(name="x", scopes=frozenset({Scope.ADMIN})))
    assert all(map(admin.has, Scope))
    reader, _ = store.create(KeyRequest(name="x", scopes=frozenset({Scope.READ})))
    assert [scope for scope in Scope if reader.has(scope)] == [Scope.READ]
