"""From a batch's hash in Redis to its record."""

import json
from collections.abc import Mapping, Sequence

from core import schema
from core.batches.records import (
    REPORT_TYPES,
    Batch,
    BatchDestination,
    BatchRequest,
    BatchState,
    Counts,
    Estimate,
    Pair,
    ReportFormat,
)
from core.errors import TintypeError
from core.jobs.base import restored, restored_json
from core.jobs.parsing import moment
from core.jobs.records import Problem
from core.objects import ObjectRef

CODE = "code:"
ENDED = ("succeeded", "failed", "canceled")
ASKED = ("source", "destination", "options", "priority", "on_existing", "dry_run")


def parse_batch(
    batch_id: str,
    fields: Mapping[str, str],
    ticks: Sequence[str] = (),
    pairs: Sequence[str] = (),
    now_ms: int = 0,
    seconds_per_job: float | None = None,
) -> Batch:
    """Rebuild a batch from its hash, with its rate by ``ticks`` ("milliseconds:ended jobs").

    Raises:
        TintypeError: it is not as we write it.
    """
    try:
        newer = schema.schema_of(fields) > schema.SCHEMA
        counts = Counts.model_validate(
            {name: int(fields[name]) for name in Counts.model_fields if name in fields}
        )
        request = restored(BatchRequest, json.loads(fields["spec"]), newer=newer)
        rate = _rate(fields, ticks, now_ms)
        left = counts.queued + counts.running
        known = "expanded" in fields and "finished" not in fields
        seconds = None if seconds_per_job is None else counts.total * seconds_per_job
        found = tuple(restored_json(Pair, pair) for pair in pairs)
        return Batch(
            id=batch_id,
            state=BatchState(fields["state"]),
            **{name: getattr(request, name) for name in ASKED},
            expanded="expanded" in fields,
            counts=counts,
            codes={
                name.removeprefix(CODE): int(count)
                for name, count in sorted(fields.items())
                if name.startswith(CODE)
            },
            bytes=int(fields.get("bytes", 0)),
            rate=None if rate is None else round(rate, 2),
            eta_seconds=round(left / rate, 1) if known and rate else None,
            estimate=Estimate(seconds=seconds, pairs=found) if request.dry_run else None,
            report=report_of(batch_id, request.destination) if "report" in fields else None,
            error=restored_json(Problem, fields["error"]) if "error" in fields else None,
            created=moment(fields["created"]),
            finished=moment(fields.get("finished")),
            access=fields.get("access", ""),
        )
    except (ValueError, LookupError, TypeError, TintypeError) as error:
        raise TintypeError(f"the record of batch {batch_id} is damaged: {error}") from error


def report_of(batch_id: str, destination: BatchDestination) -> dict[ReportFormat, ObjectRef]:
    """Return where the report is, or will be."""
    return {kind: destination.beside(batch_id, f"report.{kind}") for kind in REPORT_TYPES}


def _rate(fields: Mapping[str, str], ticks: Sequence[str], now_ms: int) -> float | None:
    """Return jobs that end in a second: over the last minute, or over all when it has ended."""
    ended = sum(int(fields.get(name, 0)) for name in ENDED)
    if "finished" in fields:
        took = int(fields["finished"]) - int(fields["created"])
        return ended / took * 1e3 if took and ended else None
    for tick in ticks:
        at, before = map(int, tick.split(":"))
        if 1000 <= now_ms - at <= 65_000:
            # Failures that are tried again have ended no longer.
            return max(0, ended - before) / (now_ms - at) * 1e3
    return None
