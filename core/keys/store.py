"""Keys and sessions in Redis: their digests, and what they may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, cast

from pydantic import ValidationError
from redis import Redis

from core.errors import KeyInvalid, KeyNotFound, TintypeError
from core.jobs.parsing import moment
from core.jobs.scripts import as_fields, key, milliseconds
from core.keys.records import ApiKey, KeyRequest, Scope
from core.keys.tokens import digest, id_of, make_key, make_session, same
from core.namespace import prefix
from core.redis_client import reachable

SESSION_SECONDS = 12 * 3600
NOTE_SECONDS = 60.0
"""A use is noted no more often."""


@dataclass(frozen=True)
class Found:
    """The key of a request, and whose the record is that the request names."""

    key: ApiKey
    owner: str
    """Empty: nobody's, or there is none."""


class KeyStore:
    """Every method raises QueueUnavailable if Redis is away: nobody is let in unseen."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        lua = files("core.keys").joinpath("lua", "identify.lua").read_text()
        self._identify = redis.register_script(lua)

    def create(self, request: KeyRequest) -> tuple[ApiKey, str]:
        """Record a new key; return it, and its text, which nobody can tell again."""
        key_id, text = make_key()
        made = ApiKey(
            **request.model_dump(exclude={"owner"}),
            id=key_id,
            owner=request.owner or key_id,
            created=_now(),
        )
        with reachable():
            self._redis.hset(key("key", key_id), mapping=_as_hash(made, digest(text)))
            self._redis.sadd(key("keys"), key_id)
        return made, text

    def find(self, text: str, record: str = "") -> Found:
        """Return the key that a text is; ``record`` as in ``find_session``.

        Raises:
            KeyInvalid: it is unknown, revoked or expired.
        """
        key_id = id_of(text)
        if key_id is None:
            raise _invalid()
        fields, owner = self._ask("key", key_id, record)
        if not same(fields.get("digest", ""), digest(text)):
            raise _invalid()
        return Found(self._usable(key_id, fields), owner)

    def find_session(self, session: str, record: str = "") -> Found:
        """Return the key with which a session was opened, and whose a record is.

        ``record`` is a job, a batch or an upload, as ``job:<id>``: it costs no question more.

        Raises:
            KeyInvalid: the session has ended, or its key is revoked or expired.
        """
        fields, owner = self._ask("session", digest(session), record)
        if not fields:
            raise _invalid()
        return Found(self._usable(fields["id"], fields), owner)

    def opens(self, key_id: str) -> bool:
        """Whether a key is neither revoked nor expired by now."""
        with reachable():
            fields = cast(dict[str, str], self._redis.hgetall(key("key", key_id)))
        return bool(fields) and _parse(key_id, fields).usable(_now())

    def lasts(self, session: str) -> bool:
        """Whether a session has not ended by now."""
        with reachable():
            return bool(self._redis.exists(key("session", digest(session))))

    def list(self) -> Sequence[ApiKey]:
        """Return all keys, the oldest first."""
        with reachable():
            ids = sorted(cast(set[str], self._redis.smembers(key("keys"))))
            pipe = self._redis.pipeline(transaction=False)
            for key_id in ids:
                pipe.hgetall(key("key", key_id))
            found = zip(ids, pipe.execute(), strict=True)
        return sorted((_parse(*each) for each in found if each[1]), key=lambda each: each.created)

    def any_usable(self) -> bool:
        """Whether there is a key that opens anything."""
        return any(each.usable(_now()) for each in self.list())

    def revoke(self, key_id: str) -> None:
        """End a key, and with it every session that was opened with it; as often as you like.

        Raises:
            KeyNotFound: there is none with this id.
        """
        with reachable():
            if not self._redis.exists(key("key", key_id)):
                raise KeyNotFound(f"no key has the id {key_id!r}; 'tintype keys list' has them all")
            self._redis.hsetnx(key("key", key_id), "revoked", _stamp(_now()))

    def open_session(self, found: ApiKey) -> tuple[str, int]:
        """Open a session; return its text and the seconds that it lives."""
        seconds = SESSION_SECONDS
        if found.expires:
            seconds = min(seconds, max(1, int((found.expires - _now()).total_seconds())))
        session = make_session()
        with reachable():
            self._redis.set(key("session", digest(session)), found.id, ex=seconds)
        return session, seconds

    def end_session(self, session: str) -> None:
        """End a session; as often as you like."""
        with reachable():
            self._redis.delete(key("session", digest(session)))

    def _ask(self, kind: str, name: str, record: str) -> tuple[dict[str, str], str]:
        with reachable():
            arguments = [prefix(), kind, name, record]
            answer = cast(list[Any], self._identify(keys=[key("")], args=arguments))
        return as_fields(answer[0]), str(answer[1])

    def _usable(self, key_id: str, fields: Mapping[str, str]) -> ApiKey:
        found, now = _parse(key_id, fields), _now()
        if not found.usable(now):
            raise _invalid()
        # Keys are never deleted, so nothing is made by this that was not there.
        if not found.last_used or (now - found.last_used).total_seconds() >= NOTE_SECONDS:
            with reachable():
                self._redis.hset(key("key", key_id), "last_used", _stamp(now))
        return found


def _invalid() -> KeyInvalid:
    return KeyInvalid("the key or session is unknown, revoked or expired")


def _now() -> datetime:
    return datetime.now(UTC)


def _stamp(at: datetime) -> int:
    return milliseconds(at.timestamp())


def _as_hash(made: ApiKey, digest: str) -> dict[Any, Any]:
    kept = {
        "digest": digest,
        "id": made.id,
        "name": made.name,
        "owner": made.owner,
        "scopes": " ".join(made.sorted_scopes),
        "access": made.access,
        "created": _stamp(made.created),
        "expires": _stamp(made.expires) if made.expires else None,
        "rate": made.rate,
        "quota": made.quota,
    }
    return {name: value for name, value in kept.items() if value is not None}


def _parse(key_id: str, fields: Mapping[str, str]) -> ApiKey:
    """Rebuild a key from its hash.

    Raises:
        TintypeError: it is not as we write it.
    """
    try:
        return ApiKey(
            id=key_id,
            name=fields["name"],
            owner=fields["owner"],
            scopes=frozenset(map(Scope, fields["scopes"].split())),
            access=fields["access"],
            created=moment(fields["created"]),
            expires=moment(fields.get("expires")),
            revoked=moment(fields.get("revoked")),
            last_used=moment(fields.get("last_used")),
            rate=fields.get("rate"),
            quota=int(fields["quota"]) if "quota" in fields else None,
        )
    except (ValidationError, ValueError, LookupError, TintypeError) as error:
        raise TintypeError(f"the record of key {key_id} is damaged") from error
