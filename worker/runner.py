"""One job from start to end: fetch, colorize, store, and the record of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from time import perf_counter
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from core.errors import (
    DestinationIsPrefix,
    DestinationIsSource,
    TintypeError,
    TransientError,
)
from core.jobs import Job, JobResult, JobStore, Options
from core.jobs.records import ModelRef, OutputFormat
from core.objects import MAX_KEY_BYTES, ObjectRef
from core.settings import Settings
from core.storage import Storage, StoredObject
from worker.engine_pool import EnginePool
from worker.images import SUFFIXES
from worker.problems import as_problem
from worker.processing import Processed, process

log = logging.getLogger(__name__)
T = TypeVar("T")
PREFIX = "colorized"


@dataclass(frozen=True)
class Runner:
    """Runs jobs with everything they need, loaded once."""

    settings: Settings
    store: JobStore
    storage: Storage
    engines: EnginePool

    def run(self, job_id: str) -> None:
        """Run a job that may be started; a second delivery of a running one takes it over.

        Raises:
            QueueUnavailable: Redis is away; the message has to be delivered again.
        """
        token = self.store.start(job_id, self.settings.max_attempts)
        if token is None:
            log.info("job %s: nothing to do", job_id)
            return
        job = self.store.get(job_id)
        try:
            result = self._colorize(job)
        except Exception as error:
            problem = as_problem(error)
            if not isinstance(error, TintypeError):
                log.exception("job %s attempt %d", job_id, token)
            self.store.fail(job_id, token, problem)
            log.warning("job %s failed: %s: %s", job_id, problem.code, problem.detail)
            return
        if self.store.succeed(job_id, token, result):
            log.info("job %s succeeded: %s", job_id, result.destination)
        else:
            log.warning("job %s attempt %d came too late; its result is dropped", job_id, token)

    def _colorize(self, job: Job) -> JobResult:
        engine = self.engines.get(job.options.model)
        model = ModelRef(name=engine.model.name, digest=engine.model.digest)
        began = perf_counter()
        source = self._patiently(lambda: self.storage.fetch(job.source, self.settings.max_bytes))
        fetched = perf_counter()
        wanted = _format_of(job.destination)
        image = process(source.data, engine, job.options, self.settings.max_pixels, wanted)
        destination = job.destination or default_destination(job, source, model, image)
        if destination == job.source:
            raise DestinationIsSource(f"the result would overwrite {job.source}")
        if job.destination and self._patiently(lambda: self.storage.is_prefix(destination)):
            raise DestinationIsPrefix(f"{destination} is a folder of other objects; name a file")
        processed = perf_counter()
        self._store(job, destination, image, model, source)
        timings = image.timings.model_copy(
            update={
                "fetch_ms": (fetched - began) * 1e3,
                "store_ms": (perf_counter() - processed) * 1e3,
            }
        )
        return JobResult(
            destination=destination,
            model=model,
            width=image.width,
            height=image.height,
            content_type=image.content_type,
            bytes=len(image.data),
            timings=timings,
        )

    def _store(
        self,
        job: Job,
        destination: ObjectRef,
        image: Processed,
        model: ModelRef,
        source: StoredObject,
    ) -> None:
        metadata = {
            "tintype-job": job.id,
            "tintype-model": model.name,
            "tintype-model-digest": model.digest,
            "tintype-source-etag": source.etag,
        }
        self._patiently(
            lambda: self.storage.store(destination, image.data, image.content_type, metadata)
        )

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call again with backoff and jitter while trying again can help."""
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_delay(self.settings.storage_patience),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            reraise=True,
        )
        return retrying(call)


def default_destination(
    job: Job, source: StoredObject, model: ModelRef, image: Processed
) -> ObjectRef:
    """Return one key per source content, options and network, beside the source's own key.

    Doing a job twice writes the same object twice.
    """
    source_digest = sha256(source.data).hexdigest()
    print_of = "\n".join((source_digest, _canonical(job.options), model.digest))
    fingerprint = sha256(print_of.encode()).hexdigest()[:12]
    tail = f".{fingerprint}.{image.extension}"
    folder, slash, name = job.source.key.rpartition("/")
    stem = f"{folder}{slash}{name.rpartition('.')[0] or name}"
    room = MAX_KEY_BYTES - len(f"{PREFIX}/{tail}")
    stem = stem.encode()[:room].decode(errors="ignore")
    return ObjectRef(bucket=job.source.bucket, key=f"{PREFIX}/{stem}{tail}")


def _canonical(options: Options) -> str:
    return options.model_dump_json(exclude={"model"})


def _format_of(destination: ObjectRef | None) -> OutputFormat | None:
    if destination is None:
        return None
    return SUFFIXES.get(PurePosixPath(destination.key).suffix.lstrip(".").lower())
