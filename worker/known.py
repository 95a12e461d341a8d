"""Results that are known already: the same source, options and network again."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import cast

from core.errors import AttemptOver, QueueUnavailable, TintypeError
from core.formats import EXTENSIONS, OutputFormat
from core.jobs import Attempt, Attempts, Job, JobResult, Stage, State, Timings
from core.objects import ObjectRef
from core.storage import Storage
from worker.colour import COLOUR_CHROMA
from worker.destination import describe, is_up_to_date, metadata_of

log = logging.getLogger(__name__)
Place = Callable[[str], ObjectRef]
"""Returns where a result with this ending goes."""


@dataclass(frozen=True)
class KnownResults:
    """Finds them, and has them where they are wanted."""

    attempts: Attempts
    storage: Storage

    def find(
        self, attempt: Attempt, source_etag: str, print_of: str, place: Place
    ) -> JobResult | None:
        """Return the result that an earlier job has for the same, if its object is still there."""
        known = self.attempts.known(print_of)
        if known is None or known.state is not State.SUCCEEDED:
            return None
        options = attempt.job.options
        if options.on_color != "recolor" and not _is_monochrome(known):
            return None
        result = JobResult.model_validate(known.model_dump(include=set(JobResult.model_fields)))
        destination = place(EXTENSIONS[cast(OutputFormat, result.content_type[len("image/") :])])
        began = perf_counter()
        described = describe(options, destination, result.model.digest, source_etag)
        etag = self._had_at(attempt, result, destination, described)
        if etag is None:
            return None
        changes = {"destination": destination, "etag": etag, "cached": True}
        return result.model_copy(update=changes | {"timings": stored(Timings(), began)})

    def _had_at(
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
            if known.beside and not self._is_whole(known, destination):
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
            log.warning("the known result cannot be used: %s", error)
            return None

    def _is_whole(self, known: JobResult, destination: ObjectRef) -> bool:
        """Whether all that lies beside a result is there; it would be missing elsewhere."""
        return destination == known.destination and all(map(self.storage.head, known.beside))


def _is_monochrome(known: Job) -> bool:
    """Whether the source of a known result was measured and is not in colour."""
    return known.chroma is not None and known.chroma < COLOUR_CHROMA


def stored(timings: Timings, began: float) -> Timings:
    """Return timings with that of storing, which began at a moment of ``perf_counter``."""
    return timings.model_copy(update={"store_ms": (perf_counter() - began) * 1e3})
