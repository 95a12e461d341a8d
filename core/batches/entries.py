"""The keys of a batch one by one: active ones from Redis, ended ones from the report's parts, too.

Keys that ended have numbers in the order of their ends; lines in parts come first, then those that
Redis has not handed over yet.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

from redis import Redis

from core.batches.parts import Line, Part, line_of
from core.batches.records import Batch, Entry, EntryState
from core.errors import InvalidCursor
from core.jobs.base import restored, restored_json
from core.jobs.options import Options
from core.jobs.reading import read_jobs
from core.jobs.scripts import key
from core.redis_client import reachable
from core.storage import Storage

ACTIVE = (EntryState.QUEUED, EntryState.RUNNING)
MOST_PART_BYTES = 64 * 1024 * 1024
AT_ONCE = 500
LISTED = {"active": r"([0-9a-f-]{36})?", "ended": r"[0-9]{1,15}"}
REVIEWED = {"ambiguity": r"[0-9]{1,4}"}
"""Cursors of pages, and what follows their colon."""
Numbered = tuple[int, Line]


class Entries:
    """Reads keys of batches.

    Raises QueueUnavailable if Redis is away, and the errors of ``Storage``.
    """

    def __init__(self, redis: Redis, storage: Storage) -> None:
        self._redis = redis
        self._storage = storage

    def page(
        self,
        batch: Batch,
        state: EntryState | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Sequence[Entry], str | None]:
        """Return a page of keys and the cursor of the next page (None: the last).

        Active ones come first, by their creation, then ended ones, by their end.

        Raises:
            InvalidCursor: the cursor is not one that a page had.
        """
        kind, place = _parse_cursor(cursor or "active:", LISTED)
        found: list[tuple[Entry, str]] = []
        if kind == "active" and state in (None, *ACTIVE):
            active = self._active(batch, place, state)
            found += [(line.entry, f"active:{line.job}") for line in islice(active, limit + 1)]
        if state not in ACTIVE and len(found) <= limit:
            ended = self.ended(batch, state, int(place) + 1 if kind == "ended" else 0)
            few = islice(ended, limit + 1 - len(found))
            found += [(line.entry, f"ended:{number}") for number, line in few]
        page = [entry for entry, _ in found[:limit]]
        return page, found[limit - 1][1] if len(found) > limit else None

    def most_ambiguous(
        self, batch: Batch, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[Entry], str | None]:
        """Return a page of the thousand succeeded keys that want a review first, and the cursor.

        Raises:
            InvalidCursor: the cursor is not one that such a page had.
        """
        start = int(_parse_cursor(cursor or "ambiguity:0", REVIEWED)[1])
        with reachable():
            found = self._redis.zrevrange(key("batch", batch.id, "unsure"), start, start + limit)
        entries = [
            restored(Entry, {"state": EntryState.SUCCEEDED, **json.loads(each)})
            for each in cast(list[str], found)[:limit]
        ]
        return entries, f"ambiguity:{start + limit}" if len(found) > limit else None

    def ended(
        self, batch: Batch, state: EntryState | None = None, start: int = 0
    ) -> Iterator[Numbered]:
        """Yield the keys that have ended, with their numbers, from one number on."""
        with reachable():
            pipe = self._redis.pipeline(transaction=True)
            pipe.lrange(key("batch", batch.id, "parts"), 0, -1)
            pipe.lrange(key("batch", batch.id, "ended"), 0, -1)
            records, unwritten = pipe.execute()
        first = 0
        for record in records:
            part = restored_json(Part, record)
            wanted = state is None or part.states.get(state)
            if wanted and first + part.lines > start:
                lines = self.part_lines(batch, part)
                yield from _from(start, first, state, part.counted(lines))
            first += part.lines
        last = read_ended(self._redis, unwritten, batch.options)
        yield from _from(start, first, state, enumerate(last))

    def count_parts(self, batch: Batch) -> int:
        """Return how many parts the report has."""
        with reachable():
            return int(self._redis.llen(key("batch", batch.id, "parts")))

    def parts(self, batch: Batch, first: int = 0) -> Sequence[Part]:
        """Return the records of the parts of a report, from one number on."""
        with reachable():
            records = self._redis.lrange(key("batch", batch.id, "parts"), first, -1)
        return [restored_json(Part, each) for each in cast(list[str], records)]

    def part_lines(self, batch: Batch, part: Part) -> list[Line]:
        """Read a part from storage."""
        place = batch.destination.beside(batch.id, part.name)
        return part.read(self._storage.fetch(place, MOST_PART_BYTES).data)

    def unwritten(self, batch: Batch, most: int) -> Sequence[Line]:
        """Return the first keys that ended and are in no part yet."""
        with reachable():
            ended = self._redis.lrange(key("batch", batch.id, "ended"), 0, most - 1)
        return read_ended(self._redis, cast(list[str], ended), batch.options)

    def _active(self, batch: Batch, after: str, state: EntryState | None) -> Iterator[Line]:
        while True:
            low = f"({after}" if after else "-"
            with reachable():
                active = key("batch", batch.id, "active")
                found = self._redis.zrangebylex(active, low, "+", start=0, num=AT_ONCE)
            ids = cast(list[str], found)
            for job in read_jobs(self._redis, ids):
                if job and not job.state.final and state in (None, EntryState(job.state)):
                    yield line_of(job, batch.options)
            if len(ids) < AT_ONCE:
                return
            after = ids[-1]


def read_ended(redis: Redis, ended: Sequence[str], options: Options) -> Sequence[Line]:
    """Return the lines of keys that ended: Redis has the ids of jobs, and lines of others."""
    jobs = iter(read_jobs(redis, [each for each in ended if not each.startswith("{")]))
    lines = []
    for each in ended:
        if each.startswith("{"):
            lines.append(restored_json(Line, each))
        elif job := next(jobs):
            lines.append(line_of(job, options))
        else:
            lost = "the record of its job is lost or damaged"
            lines.append(Line(key="", state=EntryState.FAILED, code="lost", detail=lost, job=each))
    return lines


def _from(
    start: int, first: int, state: EntryState | None, lines: Iterator[Numbered]
) -> Iterator[Numbered]:
    for number, line in lines:
        if first + number >= start and state in (None, line.state):
            yield first + number, line


def _parse_cursor(cursor: str, patterns: Mapping[str, str]) -> tuple[str, str]:
    kind, _, place = cursor.partition(":")
    pattern = patterns.get(kind)
    if pattern and re.fullmatch(pattern, place):
        return kind, place
    raise InvalidCursor("cursor must be the 'next' of an earlier page")
