"""The report of a batch: parts as keys end, and the whole when all have."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile

from core.batches import Batch, Entry, Steps
from core.batches.entries import Entries
from core.batches.parsing import report_of
from core.batches.parts import Part, write_lines
from core.batches.records import REPORT_TYPES
from core.batches.steps import PART, Step
from core.storage import Storage

COLUMNS = ("key", "result", "state", "code", "detail", "ms", "job", "ambiguity")
LINES = "application/jsonl"
HEAD = ("id", "source", "destination", "options", "on_existing", "counts", "codes", "created")


class Reports:
    """Writes the reports of batches into storage, beside their results."""

    def __init__(self, steps: Steps, entries: Entries, storage: Storage) -> None:
        self._steps = steps
        self._entries = entries
        self._storage = storage

    def write_part(self, step: Step, batch: Batch) -> None:
        """Write the keys that ended and are in no part yet, at most a thousand."""
        lines = self._entries.unwritten(batch, PART)
        number = self._entries.count_parts(batch)
        # A frozen worker must not overwrite what another one wrote: each step has its own names.
        data = write_lines(lines)
        part = Part.of(f"parts/{number:06}-{step.token}.jsonl", lines, data)
        place = batch.destination.beside(batch.id, part.name)
        self._storage.store(place, data, LINES)
        self._steps.written(step, len(lines), part)

    def write(self, batch: Batch, renew: Callable[[], object]) -> None:
        """Write ``report.csv`` and ``report.json`` from the parts; ``renew`` keeps the lease."""
        places = report_of(batch.id, batch.destination)
        with TemporaryFile() as table, TemporaryFile() as document:
            _fill(batch, self._lines(batch, renew), table, document)
            for (kind, content_type), file in zip(
                REPORT_TYPES.items(), (table, document), strict=True
            ):
                file.seek(0)
                renew()
                self._storage.store_file(places[kind], file, content_type, renew)

    def _lines(self, batch: Batch, renew: Callable[[], object]) -> Iterator[Entry]:
        for part in self._entries.parts(batch):
            renew()
            for _, line in part.counted(self._entries.part_lines(batch, part)):
                yield line.entry


def _fill(
    batch: Batch, entries: Iterator[Entry], table: io.BufferedRandom, document: io.BufferedRandom
) -> None:
    """Write both forms at once: parts are read from storage, which takes time."""
    text = io.TextIOWrapper(table, "utf-8", newline="", write_through=True)
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    head = batch.model_dump(mode="json", include=set(HEAD))
    document.write(b'{"batch": ' + json.dumps(head, ensure_ascii=False).encode() + b', "jobs": [')
    separator = b"\n"
    for entry in entries:
        rows.writerow([getattr(entry, name) for name in COLUMNS])
        document.write(separator + entry.model_dump_json().encode())
        separator = b",\n"
    document.write(b"\n]}\n")
    text.detach()
