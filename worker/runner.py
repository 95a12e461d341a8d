"""One job from start to end: fetch, colorize, store, and the record of it."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from core import logs, tracing
from core.buckets import Access
from core.errors import (
    AlreadyColor,
    AttemptCanceled,
    AttemptOver,
    DestinationIsPrefix,
    DestinationIsSource,
    JobTimeout,
    ModelElsewhere,
    PermanentError,
    TransientError,
)
from core.formats import OutputFormat, format_of
from core.jobs import Attempt, Attempts, Job, JobResult, Skipped, Stage, State, read_by
from core.jobs.records import ModelRef, Variant
from core.jobs.traces import Traces
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from core.stored import StoredObject
from core.tracing import TraceContext
from worker.control import Beside
from worker.destination import (
    beside,
    default_destination,
    describe,
    fingerprint,
    metadata_of,
)
from worker.draining import Drained, Stopping
from worker.engine_pool import EnginePool
from worker.engines import Engine
from worker.handing_over import HandOver
from worker.kept import CONTENT_TYPE, MOST_BYTES
from worker.known import KnownResults, stored
from worker.leases import LeaseKeeper
from worker.observing import Observed, observed
from worker.patience import backoff, patiently
from worker.problems import as_ours, as_problem
from worker.processing import Processed, process

log = logging.getLogger(__name__)
NO_LONGER_OURS = "the job is no longer ours"


@dataclass(frozen=True)
class Runner:
    """Runs jobs with everything they need, loaded once."""

    settings: Settings
    access: Access
    attempts: Attempts
    storage: Storage
    known: KnownResults
    engines: EnginePool
    leases: LeaseKeeper
    stopping: Stopping
    worker: str
    """The name of this process in records."""
    traces: Traces
    hand_over: HandOver
    ahead: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "ahead"))
    """Asks storage what is needed later, while the job goes on."""

    def run(self, job_id: str, sent: TraceContext | None = None) -> None:
        """Run a job if it may start; ``sent`` is what its message came from.

        Raises:
            QueueUnavailable: Redis is away; the sweep will find the job.
        """
        with logs.context(job_id=job_id):
            attempt = self.attempts.start(job_id, self.worker)
            if attempt is None:
                log.debug("nothing to do")
                return
            batch = self.traces.of_batch(attempt.job.batch)
            with observed(attempt, sent, batch) as seen, self.leases.held(attempt):
                self._attempt(attempt, seen)

    def _attempt(self, attempt: Attempt, seen: Observed) -> None:
        try:
            with self.stopping.interruptible():
                self._work(attempt, seen)
        except AttemptCanceled:
            seen.canceled()
        except AttemptOver as error:
            seen.over(str(error))
        except Drained:
            self.attempts.reset()
            if self.attempts.give_back(attempt) is State.CANCELED:
                seen.canceled()
            else:
                seen.over("the worker stops")
        except AlreadyColor as error:
            self._leave_alone(attempt, error, seen)
        except Exception as error:
            self._end_badly(attempt, error, seen)

    def _work(self, attempt: Attempt, seen: Observed) -> None:
        job = attempt.job
        # The rules may be others than those under which the job was accepted.
        self.access.check_job(read_by(job), job.destination)
        # First, as it may be elsewhere.
        engine = self.engines.get(job.options.model)
        began = perf_counter()
        with tracing.span("fetch"):
            most = self.settings.max_bytes
            source = patiently(lambda: self.storage.fetch(job.source, most))
            fetch_ms = (perf_counter() - began) * 1e3
            aids = self._fetch_beside(job)
        digest, wanted = engine.model.digest, _format(job)
        print_of = fingerprint(source.data, job.options, digest, wanted, aids.files)
        place = partial(self._destination, job, print_of)
        result = None
        if not job.options.force:
            result = self.known.find(attempt, source.etag, print_of, place)
        if result is None:
            result = self._colorize(attempt, source, aids, engine, place)
        timings = result.timings.model_copy(update={"fetch_ms": fetch_ms})
        result = result.model_copy(update={"timings": timings})
        if self.attempts.succeed(attempt, result, print_of):
            seen.succeeded(result, engine.name)
        else:
            seen.over("it came too late")

    def _fetch_beside(self, job: Job) -> Beside:
        """Return what else the job looks at."""

        def fetched(ref: ObjectRef | None, most: int) -> bytes | None:
            return patiently(lambda: self.storage.fetch(ref, most).data) if ref else None

        return Beside(
            reference=fetched(job.options.reference, self.settings.max_bytes),
            distribution=fetched(job.distribution, MOST_BYTES),
        )

    def _colorize(
        self,
        attempt: Attempt,
        source: StoredObject,
        aids: Beside,
        engine: Engine,
        place: Callable[[str, Future[bool]], ObjectRef],
    ) -> JobResult:
        job, model = attempt.job, engine.model
        self.attempts.enter(attempt, Stage.INFER)
        wanted = _format(job)
        most = self.settings.max_pixels
        # From here on the interpreter has little to do.
        is_folder = self.ahead.submit(self._is_folder, job.destination)
        image = process(source.data, engine, job.options, most, wanted, aids)
        destination = place(image.extension, is_folder)
        ref = ModelRef(name=model.name, digest=model.digest)
        began = self._begin_to_store(attempt)
        with tracing.span("store"):
            more = self._store_extras(destination, image)
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
            **more,
            timings=stored(image.timings, began),
        )

    def _is_folder(self, wanted: ObjectRef | None) -> bool:
        return wanted is not None and patiently(lambda: self.storage.is_prefix(wanted))

    def _destination(
        self, job: Job, print_of: str, extension: str, is_folder: Future[bool] | None = None
    ) -> ObjectRef:
        """Return where the result goes; ``is_folder``, whether that is a folder, is asked already.

        Raises:
            DestinationIsSource, DestinationIsPrefix: something else is there.
        """
        found = None
        with suppress(TransientError):
            found = is_folder and is_folder.result()
        if found is None:
            found = self._is_folder(job.destination)
        if found:
            raise DestinationIsPrefix(
                f"{job.destination} is a folder of other objects; name a file"
            )
        destination = job.destination or default_destination(job, print_of, extension)
        if destination == job.source:
            raise DestinationIsSource(f"the result would overwrite {job.source}")
        return destination

    def _begin_to_store(self, attempt: Attempt) -> float:
        """Enter the last stage: whoever canceled before it finds nothing stored."""
        self.attempts.enter(attempt, Stage.STORE)
        return perf_counter()

    def _store_extras(self, destination: ObjectRef, image: Processed) -> dict[str, Any]:
        """Store what lies beside a result, before it: where that is, all is.

        Return what the job's result says of it.
        """
        extras = image.extras
        drawn, said = extras.ambiguity_map, extras.distribution

        def stored(name: str, data: bytes, content_type: str) -> ObjectRef:
            place = beside(destination, name)
            patiently(lambda: self.storage.store(place, data, content_type))
            return place

        return {
            "variants": tuple(
                Variant(
                    destination=stored(
                        f"variant-{n}.{image.extension}", each.data, image.content_type
                    ),
                    likelihood=each.likelihood,
                )
                for n, each in enumerate(extras.variants, 2)
            ),
            "ambiguity": extras.ambiguity,
            "ambiguity_map": drawn and stored("ambiguity.png", drawn, "image/png"),
            "distribution": said and stored("distribution", said, CONTENT_TYPE),
        }

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
        return patiently(
            lambda: self.storage.store(destination, image.data, image.content_type, metadata)
        )

    def _leave_alone(self, attempt: Attempt, error: AlreadyColor, seen: Observed) -> None:
        """End the job of a photograph that is in colour, as its options say."""
        if attempt.job.options.on_color == "skip":
            skipped = Skipped(
                skipped=error.code, chroma=error.chroma, width=error.width, height=error.height
            )
            if self.attempts.skip(attempt, skipped):
                seen.skipped(skipped)
                return
        elif self.attempts.fail(attempt, as_problem(error), error.chroma):
            seen.failed(as_problem(error))
            return
        seen.over(NO_LONGER_OURS)

    def _end_badly(self, attempt: Attempt, error: Exception, seen: Observed) -> None:
        """Fail the job, or queue it again if another attempt may do better."""
        ours = as_ours(error)
        if isinstance(ours, JobTimeout):
            self.attempts.reset()
        if ours is not error:
            log.error("unexpected error", exc_info=error)
        problem = as_problem(ours)
        if isinstance(ours, PermanentError):
            state = State.FAILED if self.attempts.fail(attempt, problem) else None
        elif isinstance(ours, ModelElsewhere) and ours.at_work:
            state = self.hand_over(attempt, ours)
        else:
            counts = not isinstance(ours, TransientError)
            delay = backoff(attempt.retries)
            state = self.attempts.give_back(attempt, delay, problem, counts=counts)
        match state:
            case State.FAILED:
                seen.failed(problem)
            case State.CANCELED:
                seen.canceled()
            case None:
                seen.over(NO_LONGER_OURS)
            case _:
                seen.given_back(problem)


def _format(job: Job) -> OutputFormat | None:
    """Return the format that the destination's ending asks for."""
    return format_of(job.destination.key) if job.destination else None
