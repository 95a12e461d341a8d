"""Records of another version, and Redis as an earlier one has left it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from core import schema
from core.namespace import key, prefix

FROZEN = Path(__file__).parents[1] / "integration" / "fleet" / "records_v1.json"
"""Written before records had versions; never written anew."""


@contextmanager
def version_after(by: int = 1) -> Iterator[int]:
    """Be a later version: what is made in this block writes and reads its records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "SCHEMA", schema.SCHEMA + by)
        yield schema.SCHEMA


def load_frozen(redis: Redis) -> dict[str, str]:
    """Put what an earlier version wrote into an empty Redis; return ids by what they are."""
    kept = json.loads(FROZEN.read_text())
    for name, (kind, value) in kept["keys"].items():
        _put(redis, prefix() + name.removeprefix("tintype"), kind, value)
    # Else they would be forgotten before they are looked at.
    now = redis.time()[0] * 1000
    ended: Any = redis.zrange(key("jobs", "ended"), 0, -1)
    redis.zadd(key("jobs", "ended"), dict.fromkeys(ended, now))
    named: dict[str, str] = kept["named"]
    return named


def _put(redis: Redis, name: str, kind: str, value: Any) -> None:
    match kind:
        case "hash":
            redis.hset(name, mapping=value)
        case "zset":
            redis.zadd(name, value)
        case "list":
            redis.rpush(name, *value)
        case "stream":
            for event_id, fields in value:
                redis.xadd(name, fields, id=event_id)
        case _:
            redis.set(name, value)
