"""Rows from a manifest: CSV with a header, or JSON Lines, read on from any row."""

import csv
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from pydantic import ConfigDict, ValidationError

from core.batches.records import Asked
from core.errors import InvalidManifest, InvalidRow, TintypeError
from core.jobs import Options, Problem
from core.jobs.base import Record, written
from core.objects import MAX_KEY_BYTES, ObjectRef, check_key
from core.storage import Storage
from worker.batches.rows import Row, Rows

MOST_ROWS = 1000
MOST_LINE = 64 * 1024
"""Bytes in one line."""
MOST_ROW = 256 * 1024
"""Bytes in one row of CSV, which may have many lines, with the empty lines before it."""
MOST_COLUMNS = 100
MOST_SHOWN = 500
"""Characters of a detail."""
COLUMNS = ("key", "destination", "options")
BOM = b"\xef\xbb\xbf"


class Place(Record):
    """Where reading goes on: kept as JSON."""

    offset: int = 0
    """Bytes."""
    row: int = 0
    etag: str = ""
    """Of the manifest, which must not change meanwhile."""
    columns: tuple[str, ...] | None = None
    """Of CSV; None: JSON Lines, or not known at the beginning."""


class Fields(Record):
    """What a row may say."""

    model_config = ConfigDict(extra="ignore", strict=True)

    key: str
    destination: str | None = None
    options: Options | None = None


class Lines(Iterator[str]):
    """The lines of an object from a byte on, and how many bytes they had."""

    def __init__(self, ref: ObjectRef, chunks: Generator[bytes], offset: int) -> None:
        self._ref = ref
        self._chunks = chunks
        self._buffer, self._at = b"", 0
        self._ended = False
        self.offset = self.row_began = offset

    def __next__(self) -> str:
        """Return the next line with its end.

        Raises:
            InvalidManifest: it is longer than 64 KiB, or its row than 256 KiB, or not UTF-8.
        """
        while (end := self._buffer.find(b"\n", self._at)) < 0 and not self._ended:
            if len(self._buffer) - self._at > MOST_LINE:
                raise InvalidManifest(f"{self._ref} has a line of more than {MOST_LINE} bytes")
            chunk = next(self._chunks, b"")
            self._ended = not chunk
            self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        line = self._buffer[self._at : end + 1 or None]
        if not line:
            raise StopIteration
        self._at += len(line)
        self.offset += len(line)
        if self.offset - self.row_began > MOST_ROW:
            raise InvalidManifest(f"{self._ref} has a row of more than {MOST_ROW} bytes")
        try:
            return line.removeprefix(BOM).decode()
        except UnicodeDecodeError as error:
            raise InvalidManifest(f"{self._ref} is not UTF-8; save it as UTF-8") from error


def read_manifest(storage: Storage, asked: Asked, position: str | None) -> Rows:
    """Return the next rows, up to a thousand.

    Raises:
        InvalidManifest: it is neither CSV nor JSON Lines, or has changed since the first row.
        SourceNotFound, BucketNotFound, StorageDenied, StorageRefused, StorageUnavailable: see
            ``Storage``.
    """
    ref = asked.source.manifest
    assert ref is not None, "only called for a manifest"
    place = Place.model_validate_json(position) if position else Place()
    etag, chunks = storage.read_on(ref, place.offset)
    if place.etag not in ("", etag):
        raise InvalidManifest(f"{ref} has changed while it was read; make another batch of it")
    with closing(chunks):
        lines = Lines(ref, chunks, place.offset)
        rows = [*islice(_rows(ref, lines, place, etag), MOST_ROWS + 1)]
    return Rows(rows[:MOST_ROWS], last=len(rows) <= MOST_ROWS)


def _rows(ref: ObjectRef, lines: Lines, place: Place, etag: str) -> Iterator[Row]:
    columns, row = place.columns, place.row
    for cells in _records(ref, lines, columns, first=row == 0):
        lines.row_began = lines.offset
        if isinstance(cells, tuple):
            columns = cells
            continue
        row += 1
        after = Place(offset=lines.offset, row=row, etag=etag, columns=columns)
        yield _row(cells, row, written(after))


def _records(
    ref: ObjectRef, lines: Lines, columns: tuple[str, ...] | None, *, first: bool
) -> Iterator[tuple[str, ...] | dict[str, Any] | str]:
    """Yield the columns of CSV once they are known, then each row; what is no object as text."""
    line = next(lines, None)
    while first and line is not None and not line.strip():
        line = next(lines, None)
    if line is None:
        return
    if columns is None and (not first or line.lstrip().startswith("{")):
        yield from _json_rows(line, lines)
        return
    rows = csv.reader(_with(line, lines), strict=True)
    try:
        if columns is None:
            columns = _header(ref, next(rows))
            yield columns
        for cells in rows:
            if cells:
                yield _named(columns, cells)
    except csv.Error as error:
        raise InvalidManifest(f"{ref} is not CSV: {error}") from error


def _with(line: str, lines: Lines) -> Iterator[str]:
    yield line
    yield from lines


def _json_rows(line: str, lines: Lines) -> Iterator[dict[str, Any] | str]:
    for each in _with(line, lines):
        if each.strip():
            try:
                found = json.loads(each)
            except (ValueError, RecursionError):
                found = None
            yield found if isinstance(found, dict) else each


def _header(ref: ObjectRef, cells: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower() for cell in cells)
    if "key" not in columns:
        raise InvalidManifest(
            f"{ref} has no column 'key' in its first line; it needs key, and may have "
            "destination and options"
        )
    if len(columns) > MOST_COLUMNS:
        raise InvalidManifest(f"{ref} has more than {MOST_COLUMNS} columns")
    return tuple(name if name in COLUMNS else "" for name in columns)


def _named(columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | str:
    """Return a row's cells by name; empty ones are left out, and options are JSON."""
    found: dict[str, Any] = {
        name: cell for name, cell in zip(columns, cells, strict=False) if cell and name
    }
    if "options" in found:
        try:
            found["options"] = json.loads(found["options"])
        except (ValueError, RecursionError):
            return ",".join(cells)
    return found


def _row(cells: dict[str, Any] | str, number: int, position: str) -> Row:
    """Check one row; what is wrong with it is part of it."""
    key = _shown(cells.get("key", ""), MAX_KEY_BYTES) if isinstance(cells, dict) else ""
    try:
        if isinstance(cells, str):
            raise InvalidRow(f"it is neither a JSON object nor a CSV row: {cells[:80]!r}")
        fields = Fields.model_validate(cells)
        check_key(fields.key)
        if fields.destination is not None:
            check_key(fields.destination)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        return Row(key, position, problem=_problem(InvalidRow(detail), number))
    except TintypeError as error:
        return Row(key, position, problem=_problem(error, number))
    return Row(fields.key, position, destination=fields.destination, options=fields.options)


def _problem(error: TintypeError, number: int) -> Problem:
    return Problem(code=error.code, detail=_shown(f"row {number}: {error}", MOST_SHOWN))


def _shown(value: object, most: int) -> str:
    """Return the beginning of what a row says, as a report can have it."""
    text = str(value) if isinstance(value, (str, int, float)) else ""
    return text[:most].encode(errors="replace").decode()
