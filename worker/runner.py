"""One job from start to end: fetch, colorize, store, and the record of it."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar, cast

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from core.buckets import Access
from core.errors import (
    AlreadyColor,
    AttemptOver,
    DestinationIsPrefix,
    DestinationIsSource,
    JobTimeout,
    PermanentError,
    QueueUnavailable,
    TintypeError,
    TransientError,
)
from core.formats import EXTENSIONS, OutputFormat, format_of
from core.jobs import Attempt, Attempts, Job, JobResult, Skipped, Stage, State, read_by
from core.jobs.records import ModelRef, Timings
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage, StoredObject
from worker.colour import COLOUR_CHROMA
from worker.destination import (
    default_destination,
    describe,
    fingerprint,
    is_up_to_date,
    metadata_of,
)
from worker.draining import Drained, Stopping
from worker.engine_pool import EnginePool
from worker.engines import Engine
from worker.leases import LeaseKeeper
from worker.problems import as_ours, as_problem
from worker.processing import Processed, process

log = logging.getLogger(__name__)
T = TypeVar("T")
HICCUP = 1.0
"""Seconds that a job waits for storage in its slot; after that it waits in the queue."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0


@dataclass(frozen=True)
class Runner:
    """Runs jobs with everything they need, loaded once."""

    settings: Settings
    access: Access
    attempts: Attempts
    storage: Storage
    engines: EnginePool
    leases: LeaseKeeper
    stopping: Stopping
    worker: str
    """The name of this process in records."""

    def run(self, job_id: str) -> None:
        """Run a job if it may start.

        Raises:
            QueueUnavailable: Redis is away; the sweep will find the job.
        """
        attempt = self.attempts.start(job_id, self.worker)
        if attempt is None:
            log.info("job %s: nothing to do", job_id)
            return
        with self.leases.held(attempt):
            try:
                with self.stopping.interruptible():
                    self._work(attempt)
            except AttemptOver as error:
                log.warning("job %s attempt %d: %s", job_id, attempt.token, error)
            except Drained:
                self.attempts.reset()
                self.attempts.give_back(attempt)
                log.info("job %s given back: the worker stops", job_id)
            except AlreadyColor as error:
                self._leave_alone(attempt, error)
            except Exception as error:
                self._end_badly(attempt, error)

    def _work(self, attempt: Attempt) -> None:
        job = attempt.job
        # The rules may be others than those under which the job was accepted.
        self.access.check_job(read_by(job), job.destination)
        began = perf_counter()
        source = self._patiently(lambda: self.storage.fetch(job.source, self.settings.max_bytes))
        fetch_ms = (perf_counter() - began) * 1e3
        engine = self.engines.get(job.options.model)
        digest, wanted = engine.model.digest, _format(job)
        print_of = fingerprint(source.data, job.options, digest, wanted)
        result = None if job.options.force else self._known(attempt, source.etag, print_of)
        if result is None:
            result = self._colorize(attempt, source, engine, print_of)
        timings = result.timings.model_copy(update={"fetch_ms": fetch_ms})
        result = result.model_copy(update={"timings": timings})
        if self.attempts.succeed(attempt, result, print_of):
            log.info("job %s succeeded: %s", job.id, result.destination)
        else:
            log.warning("job %s attempt %d came too late", job.id, attempt.token)

    def _colorize(
        self, attempt: Attempt, source: StoredObject, engine: Engine, print_of: str
    ) -> JobResult:
        job, model = attempt.job, engine.model
        self.attempts.enter(attempt, Stage.INFER)
        wanted = _format(job)
        image = process(source.data, engine, job.options, self.settings.max_pixels, wanted)
        destination = self._destination(job, print_of, image.extension)
        ref = ModelRef(name=model.name, digest=model.digest)
        began = self._begin_to_store(attempt)
        etag = self._store(job, destination, image, ref, source)
        return JobResult(
            destination=destination,
            model=ref,
            width=image.width,
            height=image.height,
            content_type=image.content_type,
            bytes=len(image.data),
            etag=etag,
            chroma=image.chroma,
            fidelity=image.fidelity,
            timings=_stored(image.timings, began),
        )

    def _known(self, attempt: Attempt, source_etag: str, print_of: str) -> JobResult | None:
        """Return the result that an earlier job has for the same, if its object is still there."""
        known = self.attempts.known(print_of)
        if known is None or known.state is not State.SUCCEEDED:
            return None
        if attempt.job.options.on_color != "recolor" and not _is_monochrome(known):
            return None
        result = JobResult.model_validate(known.model_dump(include=set(JobResult.model_fields)))
        extension = EXTENSIONS[cast(OutputFormat, result.content_type.removeprefix("image/"))]
        destination = self._destination(attempt.job, print_of, extension)
        began = perf_counter()
        options, digest = attempt.job.options, result.model.digest
        described = describe(options, destination, digest, source_etag)
        etag = self._copied(attempt, result, destination, described)
        if etag is None:
            return None
        changes = {"destination": destination, "etag": etag, "cached": True}
        return result.model_copy(update=changes | {"timings": _stored(Timings(), began)})

    def _copied(
        self,
        attempt: Attempt,
        known: JobResult,
        destination: ObjectRef,
        described: Mapping[str, str],
    ) -> str | None:
        """Have a known result at its destination; None if it cannot be had, for whatever reason."""
        try:
            head = self.storage.head(known.destination)
            if not known.etag or head is None or head.etag != known.etag:
                return None
            self.attempts.enter(attempt, Stage.STORE)
            if destination == known.destination and is_up_to_date(head.metadata, described):
                return known.etag
            metadata = metadata_of(attempt.job, known.model, described, known.fidelity)
            return self.storage.copy(
                known.destination, destination, known.etag, known.content_type, metadata
            )
        except (AttemptOver, QueueUnavailable):
            raise
        except TintypeError as error:
            log.info("job %s: the known result cannot be used: %s", attempt.job.id, error)
            return None

    def _destination(self, job: Job, print_of: str, extension: str) -> ObjectRef:
        """Return where the result goes.

        Raises:
            DestinationIsSource, DestinationIsPrefix: something else is there.
        """
        wanted = job.destination
        if wanted is not None and self._patiently(lambda: self.storage.is_prefix(wanted)):
            raise DestinationIsPrefix(f"{wanted} is a folder of other objects; name a file")
        destination = wanted or default_destination(job, print_of, extension)
        if destination == job.source:
            raise DestinationIsSource(f"the result would overwrite {job.source}")
        return destination

    def _begin_to_store(self, attempt: Attempt) -> float:
        """Enter the last stage: whoever canceled before it finds nothing stored."""
        self.attempts.enter(attempt, Stage.STORE)
        return perf_counter()

    def _store(
        self,
        job: Job,
        destination: ObjectRef,
        image: Processed,
        model: ModelRef,
        source: StoredObject,
    ) -> str:
        described = describe(job.options, destination, model.digest, source.etag)
        metadata = metadata_of(job, model, described, image.fidelity)
        return self._patiently(
            lambda: self.storage.store(destination, image.data, image.content_type, metadata)
        )

    def _leave_alone(self, attempt: Attempt, error: AlreadyColor) -> None:
        """End the job of a photograph that is in colour, as its options say."""
        if attempt.job.options.on_color == "skip":
            skipped = Skipped(
                skipped=error.code, chroma=error.chroma, width=error.width, height=error.height
            )
            ended = self.attempts.skip(attempt, skipped)
        else:
            ended = self.attempts.fail(attempt, as_problem(error), error.chroma)
        log.info("job %s %s: %s", attempt.job.id, "ended" if ended else "no longer ours", error)

    def _end_badly(self, attempt: Attempt, error: Exception) -> None:
        """Fail the job, or queue it again if another attempt may do better."""
        ours = as_ours(error)
        if isinstance(ours, JobTimeout):
            self.attempts.reset()
        if ours is not error:
            log.error("job %s attempt %d", attempt.job.id, attempt.token, exc_info=error)
        problem = as_problem(ours)
        if isinstance(ours, PermanentError):
            state = State.FAILED if self.attempts.fail(attempt, problem) else None
        else:
            counts = not isinstance(ours, TransientError)
            delay = backoff(attempt.retries)
            state = self.attempts.give_back(attempt, delay, problem, counts=counts)
        outcome = state or "no longer ours"
        log.warning("job %s %s: %s: %s", attempt.job.id, outcome, problem.code, problem.detail)

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call again for a moment while trying again can help."""
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_delay(HICCUP),
            wait=wait_random_exponential(multiplier=0.1, max=0.5),
            reraise=True,
        )
        return retrying(call)


def backoff(retries: int) -> float:
    """Return the seconds before the next try: exponential, with jitter, 0.5 to 30 s."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(retries, 30))
    return longest * random.uniform(0.5, 1)  # noqa: S311


def _format(job: Job) -> OutputFormat | None:
    """Return the format that the destination's ending asks for."""
    return format_of(job.destination.key) if job.destination else None


def _is_monochrome(known: Job) -> bool:
    """Whether the source of a known result was measured and is not in colour."""
    return known.chroma is not None and known.chroma < COLOUR_CHROMA


def _stored(timings: Timings, began: float) -> Timings:
    return timings.model_copy(update={"store_ms": (perf_counter() - began) * 1e3})
