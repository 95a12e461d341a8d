"""One step of a batch: bounded work under a lease, after which another worker may go on."""

import logging
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

from core import logs, tracing
from core.batches import BatchState, Progress, Steps
from core.batches.entries import Entries
from core.batches.steps import Page, Position, Step
from core.errors import PermanentError, QueueUnavailable, StepOver
from core.jobs import JobStore, Priority, Problem
from core.tracing import TraceContext
from worker.batches.expansion import Expansion
from worker.batches.report import Reports
from worker.batches.retries import next_retries
from worker.draining import Drained, Stopping
from worker.problems import as_ours, as_problem

log = logging.getLogger(__name__)
BUDGET = 10.0
"""Seconds after which a step ends, so that jobs get their turn."""
PAUSE = 5.0
"""Seconds until a step that failed is tried again."""
MOST_STRIKES = 5
"""Steps in a row that may die with their worker."""
UNEXPECTED_PATIENCE = 60.0
Publish = Callable[[Iterable[str], Priority], None]

WORKER_LOST = Problem(code="worker_lost", detail="every worker that read the batch on died")


class Stepper:
    """Does steps with everything they need."""

    def __init__(
        self,
        steps: Steps,
        jobs: JobStore,
        entries: Entries,
        expansion: Expansion,
        reports: Reports,
        publish: Publish,
        stopping: Stopping,
        patience: float,
    ) -> None:
        """``patience``: seconds for which a batch bears that a server is away."""
        self._steps = steps
        self._jobs = jobs
        self._entries = entries
        self._expansion = expansion
        self._reports = reports
        self._publish = publish
        self._stopping = stopping
        self._patience = patience

    def run(self, batch_id: str, trace: TraceContext | None = None) -> bool:
        """Do a step if there is something to do; return whether there is more at once.

        ``trace`` is what made the batch.

        Raises:
            QueueUnavailable: Redis is away; the sweep will find the batch.
        """
        step = self._steps.begin(batch_id)
        if step is None:
            return False
        about = {"tintype.batch.id": batch_id}
        with logs.context(batch_id=batch_id), tracing.span("batch step", about, parent=trace):
            return self._step(step)

    def _step(self, step: Step) -> bool:
        try:
            return self._try(step)
        except StepOver as error:
            log.warning("%s", error)
            # Perhaps it was only paused at its end, and the lease is still ours.
            self._steps.rest(step)
            return False

    def _try(self, step: Step) -> bool:
        try:
            more = self._work(step)
        except (QueueUnavailable, StepOver):
            raise
        except Drained:
            self._steps.rest(step, more=True)
            return False
        except Exception as error:
            self._end_badly(step, error)
            return False
        self._steps.rest(step, more=more)
        return more

    def _work(self, step: Step) -> bool:
        if step.strikes > MOST_STRIKES:
            self._give_up(step, WORKER_LOST)
            return True
        until = monotonic() + BUDGET
        while self._do_next(step, self._steps.look(step)):
            if self._stopping.asked or monotonic() > until:
                return True
        return False

    def _do_next(self, step: Step, progress: Progress) -> bool:
        """Do what comes next; return whether something may come after it."""
        batch = progress.batch
        if batch.state is BatchState.CANCELED and progress.active:
            self._steps.cancel_jobs(step)
            return self._steps.look(step).active < progress.active
        if progress.resumed and batch.state is not BatchState.PAUSED:
            return self._release(step, progress)
        if progress.part_is_due or (progress.ends and progress.unwritten):
            self._reports.write_part(step, batch)
            return True
        if progress.ends:
            self._finish(step, progress)
            return False
        if batch.state is BatchState.EXPANDING and (progress.room or batch.dry_run):
            return self._expand(step, progress)
        return False

    def _expand(self, step: Step, progress: Progress) -> bool:
        if progress.retrying is not None:
            parts = self._entries.count_parts(progress.batch)
            if progress.unwritten and parts < progress.retry_to:
                # Failures of a batch that ended without a report are in no part yet.
                self._reports.write_part(step, progress.batch)
                return True
            page = next_retries(self._entries, progress)
            return self._add(step, progress, "retrying", page)
        pages = self._expansion.pages(progress, lambda: self._renew(step))
        return all(self._add(step, progress, "cursor", page) for page in pages)

    def _add(self, step: Step, progress: Progress, position: Position, page: Page) -> bool:
        if not self._steps.add(step, progress.batch, position, page):
            return False
        made = [(each.job, 0) for each in page.keys if each.kind in ("job", "again")]
        self._queue(made, progress.batch.priority)
        return True

    def _release(self, step: Step, progress: Progress) -> bool:
        released = self._steps.release(step)
        self._queue(released, progress.batch.priority)
        return True

    def _queue(self, jobs: Sequence[tuple[str, int]], priority: Priority) -> None:
        """Publish recorded jobs; those that cannot be, the sweep publishes."""
        if not jobs:
            return
        try:
            self._publish([job_id for job_id, _ in jobs], priority)
            self._jobs.published_ids(jobs)
        except QueueUnavailable as error:
            log.warning("%d jobs will be queued later: %s", len(jobs), error)

    def _finish(self, step: Step, progress: Progress, *, reported: bool = True) -> None:
        batch = progress.batch
        if reported and not batch.dry_run:
            self._reports.write(batch, lambda: self._renew(step))
        failed = batch.counts.failed
        detail = f"{failed} of {batch.counts.total} photographs failed; its report says why"
        problem = Problem(code="jobs_failed", detail=detail)
        if self._steps.finish(step, reported=reported and not batch.dry_run, problem=problem):
            log.info("batch ended", extra={"counts": batch.counts.model_dump()})

    def _renew(self, step: Step) -> None:
        """Keep the batch in the middle of long work, unless the worker has to stop."""
        if self._stopping.asked:
            raise Drained
        self._steps.look(step)

    def _end_badly(self, step: Step, error: Exception) -> None:
        """Try again later, or give up what can never work."""
        ours = as_ours(error)
        if ours is not error:
            log.error("unexpected error", exc_info=error)
        problem = as_problem(ours)
        told = {"code": problem.code, "detail": problem.detail}
        log.warning("step failed", extra=told)
        if isinstance(ours, PermanentError):
            self._steps.rest(step, 0 if self._give_up(step, problem) else PAUSE)
            return
        failing = self._steps.rest(step, PAUSE)
        expected = ours is error
        if failing > (self._patience if expected else UNEXPECTED_PATIENCE):
            again = self._steps.begin(step.batch_id)
            if again:
                self._steps.rest(again, 0 if self._give_up(again, problem) else PAUSE)

    def _give_up(self, step: Step, problem: Problem) -> bool:
        """Fail the batch; one that has, and cannot even write its report, ends without it.

        Return False if it has to be tried again: one that is paused does not fail meanwhile.
        """
        progress = self._steps.look(step)
        if progress.ends and progress.batch.state is not BatchState.RUNNING:
            self._finish(step, progress, reported=False)
            return True
        return self._steps.fail(step, problem)
