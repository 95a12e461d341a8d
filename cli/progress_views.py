"""How a batch or a job is shown while it goes: live on a terminal, as lines elsewhere."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tintype_client import Batch, Entry, Job

Record = Job | Batch
LINE_SECONDS = 5.0
"""At most one line in so many seconds, unless the state changes."""
COUNTS = ("queued", "running", "succeeded", "skipped", "failed", "canceled")


class View(Protocol):
    """Shows a record, again and again."""

    def show(self, record: Record, failures: list[Entry]) -> None:
        """Show it as it is now, with the last of its failures."""

    def away(self, error: Exception) -> None:
        """Say that the API does not answer."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_view(console: Console) -> View:
    """Return the view that fits a console."""
    return LiveView(console) if console.is_terminal else LineView(console)


class LiveView:
    """A bar, counts and failures that change in place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4)
        self._shown: RenderableType = ""

    def show(self, record: Record, failures: list[Entry]) -> None:
        """Show it as it is now."""
        if isinstance(record, Batch):
            self._shown = _picture(record, failures)
        elif record.ended:
            self._shown = Text(line(record))
        else:
            self._shown = Spinner("dots", Text(line(record)))
        self._live.update(self._shown)

    def away(self, error: Exception) -> None:
        """Say below the picture that the API does not answer."""
        notice = Text(f"The API is away; asking again. {printable(str(error))}", style="yellow")
        self._live.update(Group(self._shown, notice))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


class LineView:
    """A line when something has changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""
        self._state = ""
        self._at = 0.0

    def show(self, record: Record, failures: list[Entry]) -> None:
        """Print a line, unless there was one a moment ago."""
        now, text = time.monotonic(), line(record)
        is_new = record.state != self._state or record.ended
        if is_new or (text != self._last and now - self._at >= LINE_SECONDS):
            self._print(text)
            self._last, self._state, self._at = text, record.state, now
        if record.ended:
            for failure in failures:
                self._print(failure_line(failure))

    def away(self, error: Exception) -> None:
        """Print that the API does not answer, once each time it goes."""
        if self._state != "away":
            self._print(f"the API is away; asking again: {printable(str(error))}")
            self._state = "away"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def line(record: Record) -> str:
    """Return a record as one line."""
    return _batch_line(record) if isinstance(record, Batch) else _job_line(record)


def failure_line(entry: Entry) -> str:
    """Return a key that has failed as one line."""
    return printable(f"{entry.key}: {entry.code}: {entry.detail or ''}")


def problem_line(record: Record) -> str:
    """Return why a record failed; empty if it did not."""
    return printable(f"{record.error.code}: {record.error.detail}") if record.error else ""


def duration(seconds: float) -> str:
    """Return seconds as people say them: ``45 s``, ``12 min``, ``3 h 20 min``."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def printable(text: str) -> str:
    """Return text from elsewhere without what would steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _job_line(job: Job) -> str:
    stage = f" ({job.stage})" if job.stage else ""
    attempt = f", attempt {job.attempt}" if job.attempt > 1 else ""
    end = problem_line(job)
    if job.waiting:
        end = printable(f"{job.waiting.code}: {job.waiting.detail}")
    if job.state == "succeeded":
        end = printable(f"skipped, {job.skipped}" if job.skipped else str(job.destination))
    return f"{job.state}{stage}{attempt}" + (f": {end}" if end else "")


def _batch_line(batch: Batch) -> str:
    counts = batch.counts
    parts = [f"{counts.done} of {counts.total}{'' if batch.expanded else ' so far'}"]
    parts += [f"{getattr(counts, name)} {name}" for name in ("skipped", "failed", "canceled")
              if getattr(counts, name)]  # fmt: skip
    if not batch.ended:
        parts += _speed(batch)
    return f"{batch.state}: {', '.join(parts)}" + (f"; {problem_line(batch)}" * bool(batch.error))


def _speed(batch: Batch) -> list[str]:
    rate = [] if batch.rate is None else [f"{batch.rate:.1f}/s"]
    left = [] if batch.eta_seconds is None else [f"{duration(batch.eta_seconds)} left"]
    return rate + left


def _picture(batch: Batch, failures: list[Entry]) -> Group:
    counts = batch.counts
    total = counts.total if batch.expanded or batch.ended else None
    head = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=total, completed=counts.done, width=40, pulse=total is None)
    head.add_row(batch.state, bar, f"{counts.done} of {counts.total}", *_speed(batch))
    words = "  ".join(f"{name} {getattr(counts, name)}" for name in COUNTS)
    parts: list[RenderableType] = [head, Text(words, style="dim")]
    parts += [Text(problem_line(batch), style="red")] if batch.error else []
    parts += [Text(failure_line(failure), style="red") for failure in failures]
    return Group(*parts)
