"""What was measured of the service on some machine: a JSON file, checked before it is believed."""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from statistics import fmean
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from core.errors import InvalidRates, RatesMissing
from core.jobs.base import Record

Stage = Literal["fetch", "decode", "infer", "compose", "encode", "store", "other", "between"]
"""What a job passes: the stages of its ``timings``; ``other`` is the rest of its run, ``between``
the time until the same child has started its next job."""
STAGES: tuple[Stage, ...] = get_args(Stage)
LONGEST = 10_000_000
"""Bytes of a file of rates."""

Finite = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
Rounded = Annotated[Finite, AfterValidator(lambda ms: round(ms, 2))]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class Measured(Record):
    """Where figures come from."""

    date: str
    command: str
    processor: str
    cores: Annotated[int, Field(ge=1)]
    load: Finite
    """Processes that ran or wanted to before it began (load average of a minute)."""
    versions: dict[str, str | None] = Field(default_factory=dict)


class Size(Record):
    """Jobs of one size, each on one core, one after the other."""

    megapixels: Positive
    fitted: bool
    """Whether it is for fitting, or for seeing how good the fit is."""
    source_bytes: Finite
    result_bytes: Finite
    memory_bytes: Finite
    """The most that the worker's child had resident so far."""
    stages: dict[Stage, tuple[Rounded, ...]]
    """Milliseconds: of each stage, job by job."""

    @model_validator(mode="after")
    def _jobs_have_all_stages(self) -> Self:
        if set(self.stages) != set(STAGES) or len({len(each) for each in self.stages.values()}) > 1:
            raise ValueError(f"stages must be {', '.join(STAGES)}, each with all jobs")
        if not self.jobs:
            raise ValueError("a size needs at least one job")
        return self

    @property
    def jobs(self) -> Sequence[dict[Stage, float]]:
        """Return the measured jobs: seconds by stage."""
        rows = zip(*(self.stages[stage] for stage in STAGES), strict=True)
        return [{s: ms / 1e3 for s, ms in zip(STAGES, row, strict=True)} for row in rows]

    def seconds(self, stage: Stage) -> float:
        """Return the mean time of a stage."""
        return fmean(self.stages[stage]) / 1e3

    @property
    def total(self) -> float:
        """Return the mean seconds from the start of a job to that of the next one."""
        return sum(self.seconds(stage) for stage in STAGES)


class Network(Record):
    """One network on one engine, on one core."""

    model: str
    engine: str
    precision: str
    start_seconds: Finite
    """From the start of a worker's process until its network is warm."""
    parent_bytes: Finite
    """Resident memory of a worker's parent process."""
    processor_share: Annotated[float, Field(ge=0, le=4)]
    """Seconds of processor that a worker needs for a second of its work; the rest is waiting."""
    sizes: Annotated[tuple[Size, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_be_fitted(self) -> Self:
        if len({size.megapixels for size in self.sizes if size.fitted}) < 2:
            raise ValueError("a line needs two sizes to be fitted to")
        return self

    @property
    def label(self) -> str:
        """Return what it is called in sentences."""
        return f"{self.model} with {self.engine} ({self.precision})"


class RedisCost(Record):
    """What Redis does for the service."""

    commands_per_job: Finite
    """As Redis counts them: those within scripts, too."""
    trips_per_job: Finite
    """Requests that it reads, each with one or several commands."""
    commands_per_worker_second: Finite
    """Of a worker that has nothing to do, beside those of its children."""
    trips_per_worker_second: Finite
    commands_per_child_second: Finite
    trips_per_child_second: Finite
    seconds_per_trip: Finite
    """Of its one core, when many ask at a time."""
    bytes_per_queued_job: Finite
    bytes_per_ended_job: Finite

    @property
    def seconds_per_job(self) -> float:
        """Return the time of its one core that a job takes."""
        return self.trips_per_job * self.seconds_per_trip

    def idle_commands(self, children: float) -> float:
        """Return the commands in a second of a worker with so many children."""
        return self.commands_per_worker_second + children * self.commands_per_child_second

    def idle_seconds(self, children: float) -> float:
        """Return the share of its one core that such a worker takes."""
        trips = self.trips_per_worker_second + children * self.trips_per_child_second
        return trips * self.seconds_per_trip


class Rates(Record):
    """All that was measured on one machine."""

    measured: Measured
    redis: RedisCost
    networks: Annotated[tuple[Network, ...], Field(min_length=1)]

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """Read a file; without one, the figures that come with Tintype.

        Raises:
            InvalidRates: it cannot be read, or is none.
        """
        try:
            if path is None:
                data = (files("core.planning") / "rates.json").read_bytes()
            else:
                with path.open("rb") as file:
                    data = file.read(LONGEST + 1)
        except OSError as error:
            raise InvalidRates(f"{path} cannot be read: {error.strerror}") from error
        if len(data) > LONGEST:
            raise InvalidRates(f"{path} is longer than {LONGEST} bytes; name a file of rates")
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise InvalidRates(
                f"{path or 'rates.json'} is not a file of rates ({place}: {first['msg']}); "
                "make one with 'tintype plan --measure --rate-file FILE'"
            ) from error

    def written(self) -> str:
        """Return the file's text, for people, too: each list of numbers is one line."""
        text = json.dumps(self.model_dump(mode="json"), indent=1)
        numbers = re.compile(r"\[[\s\d.,e+-]*\]")
        return numbers.sub(lambda found: " ".join(found[0].split()), text) + "\n"

    def network(self, model: str, engine: str | None = None) -> Network:
        """Return what was measured of a network: on an engine, or on the fastest.

        Raises:
            RatesMissing: nothing was.
        """
        fit = [
            each
            for each in self.networks
            if each.model == model and (engine is None or each.engine == engine)
        ]
        if not fit:
            known = "; ".join(each.label for each in self.networks)
            wanted = model if engine is None else f"{model} with {engine}"
            raise RatesMissing(
                f"nothing was measured of {wanted}, but of: {known}; "
                "'tintype plan --measure' measures on this machine"
            )
        return min(fit, key=lambda each: min(each.sizes, key=lambda size: size.megapixels).total)
