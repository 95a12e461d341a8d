"""Redis: whether it is there, new enough, and still has the jobs tomorrow."""

import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from cli.doctor.clocks import judge_clock
from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from core import durability
from core.errors import QueueUnavailable
from core.namespace import key
from core.servers import connect_broker, connect_state

LEAST = (6, 2)
UPGRADE = "use Redis 6.2 or newer, or Valkey"
WRITE = "redis.call('set', KEYS[1], '1', 'ex', 10) return redis.call('del', KEYS[1])"


def examine(subject: Subject) -> Iterator[Finding]:
    """Ask the server."""
    try:
        redis = connect_state(subject.settings, patience=0.5)
    except ValueError:
        yield problem("redis", "its URL cannot be read", "check TINTYPE_REDIS_URL")
        return
    with redis:
        try:
            redis.ping()
        except RedisError as error:
            yield problem("redis", f"no answer: {error}", _start_it(subject))
            return
        yield _writable(redis)
        yield judge_version(_info(redis, "server"))
        yield from judge_durability(durability.warnings(redis), _info(redis, "memory"))
        yield _clock(redis)
    if subject.settings.has_own_broker:
        yield _broker(subject)


def judge_version(info: Mapping[str, Any]) -> Finding:
    """Read ``INFO server``: every Valkey will do, and Redis from 6.2."""
    name = "redis version"
    if valkey := info.get("valkey_version"):
        return ok(name, f"Valkey {valkey}")
    version = str(info.get("redis_version", ""))
    try:
        number = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        return warning(name, "the server does not say", UPGRADE)
    if number < LEAST:
        return problem(name, f"Redis {version}", UPGRADE)
    return ok(name, f"Redis {version}")


def judge_durability(found: Mapping[str, str], memory: Mapping[str, Any]) -> Iterator[Finding]:
    """Say what loses jobs: a crash of Redis, or Redis itself when memory is short."""
    if not memory:
        advice = "look into its console: an append-only file, and noeviction"
        yield warning("redis persistence", "the server refuses INFO", advice)
        return
    if text := found.get("appendonly"):
        yield warning("redis persistence", *_halves(text))
    else:
        yield ok("redis persistence", "append-only file")
    if text := found.get("maxmemory-policy"):
        yield problem("redis eviction", *_halves(text))
    else:
        yield ok("redis eviction", durability.KEEPING)


def _halves(text: str) -> tuple[str, str]:
    """Divide a warning into what is and what to do."""
    found, _, advice = text.rpartition("; ")
    return found, advice


def _writable(redis: Redis) -> Finding:
    """Do what every change of a job does: run a script that writes."""
    try:
        redis.eval(WRITE, 1, key("doctor", secrets.token_hex(8)))
    except RedisError as error:
        advice = f"name the primary, and a user who may run scripts and write {key('*')}"
        return problem("redis", f"it answers and refuses to write: {error}", advice)
    return ok("redis", "answers, runs scripts and writes")


def _broker(subject: Subject) -> Finding:
    """Ask Celery's broker, if it is another server."""
    try:
        with connect_broker(subject.settings, patience=0.5) as broker:
            broker.ping()
            lost = durability.warnings(broker)
    except (RedisError, QueueUnavailable) as error:
        return problem("broker", f"no answer: {error}", "check TINTYPE_BROKER_URL")
    if lost:
        return warning("broker", *_halves(next(iter(lost.values()))))
    return ok("broker", "answers")


def _info(redis: Redis, section: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = redis.info(section)
    except ResponseError:
        return {}
    return found


def _clock(redis: Redis) -> Finding:
    seconds, microseconds = redis.time()
    return judge_clock("redis clock", seconds + microseconds / 1e6 - time.time())


def _start_it(subject: Subject) -> str:
    if subject.running:
        return f"'tintype up' has ended without a word: start it again (data in {subject.data})"
    return "start the server, and check TINTYPE_REDIS_URL: host, port, password"
