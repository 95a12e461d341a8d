"""Looking at all workers at once; the cost goes with their number, not with that of jobs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from redis import Redis

from core import heartbeats
from core.fleet.drains import Drains
from core.fleet.records import ChildBeat, Fleet, ParentBeat, Worker, WorkerState
from core.jobs.base import Record, restored_json
from core.jobs.records import Stage
from core.jobs.scripts import key
from core.redis_client import reachable

B = TypeVar("B", bound=Record)
MOST_RUNNING = 10_000


class Running(NamedTuple):
    """A job that a worker has."""

    job: str
    stage: Stage | None
    seconds: float


def read_fleet(redis: Redis) -> Fleet:
    """Return all live workers, sorted by host and process.

    Raises:
        QueueUnavailable: Redis is away.
    """
    children = read_beats(redis, heartbeats.WORKERS, ChildBeat)
    parents = read_beats(redis, heartbeats.PARENTS, ParentBeat)
    running = _running(redis)
    workers = (
        _worker(member, beat, parents, running.get(member)) for member, beat in children.items()
    )
    return Fleet(
        workers=tuple(sorted(workers, key=lambda each: (each.host, each.parent or 0, each.pid))),
        drained=dict(Drains(redis).all()),
    )


def read_beats(redis: Redis, kind: str, model: type[B]) -> Mapping[str, B | None]:
    """Return what live processes said last, by ``host:pid``; None for one that said nothing.

    Raises:
        QueueUnavailable: Redis is away.
    """
    members = sorted(heartbeats.alive(redis, kind))
    with reachable():
        pipe = redis.pipeline(transaction=False)
        for member in members:
            pipe.get(heartbeats.beat_key(member))
        answers = pipe.execute()
    return {member: _beat(model, said) for member, said in zip(members, answers, strict=True)}


def _beat(model: type[B], said: str | None) -> B | None:
    try:
        return restored_json(model, said) if said else None
    except ValidationError:
        # Of another version, in which this is something else.
        return None


def _running(redis: Redis) -> Mapping[str, Running]:
    """Return what runs, by the process that has it."""
    with reachable():
        now = heartbeats.now(redis)
        ids: Any = redis.zrange(key("jobs", "running"), 0, MOST_RUNNING - 1)
        pipe = redis.pipeline(transaction=False)
        for job_id in ids:
            pipe.hmget(key("job", job_id), "worker", "stage", "started")
        answers = pipe.execute()
    found = {}
    for job_id, (worker, stage, started) in zip(ids, answers, strict=True):
        if worker and started:
            known = Stage(stage) if stage in set(Stage) else None
            found[worker] = Running(job_id, known, max(0.0, now - int(started) / 1e3))
    return found


def _worker(
    member: str,
    beat: ChildBeat | None,
    parents: Mapping[str, ParentBeat | None],
    has: Running | None,
) -> Worker:
    host, pid = heartbeats.host_of(member), heartbeats.pid_of(member)
    parent = parents.get(f"{host}:{beat.parent}") if beat else None
    busy = has is not None or bool(beat and beat.batch)
    return Worker(
        host=host,
        pid=pid,
        parent=beat.parent if beat else None,
        name=parent.name if parent else None,
        version=parent.version if parent else None,
        schema_version=parent.schema_version if parent else None,
        queues=parent.queues if parent else (),
        engine=beat.engine if beat else None,
        model=beat.model if beat else None,
        digest=beat.digest if beat else None,
        models=beat.models if beat else (),
        state=_state(busy=busy, draining=bool(parent and parent.draining)),
        job=has.job if has else None,
        batch=beat.batch if beat else None,
        stage=has.stage if has else None,
        seconds=round(has.seconds, 1) if has else None,
        per_minute=beat.per_minute if beat else None,
        bytes=beat.bytes if beat else None,
        since=datetime.fromtimestamp(beat.since, UTC) if beat else None,
    )


def _state(*, busy: bool, draining: bool) -> WorkerState:
    if draining:
        return WorkerState.DRAINING if busy else WorkerState.DRAINED
    return WorkerState.BUSY if busy else WorkerState.IDLE
