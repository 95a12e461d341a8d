"""``/v1/jobs``: submit, look, list, cancel, retry."""

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from flask import request, url_for

from api.accepting import accept, check_order, publish
from api.problems import RETRY_AFTER
from api.requests import Upload, parse_idempotency, parse_job, parse_json, parse_wait
from api.schemas import JobPage, ListQuery, Redecode, Retried, RetryFilter
from api.services import Services, services
from api.waiting import applied
from core import logs
from core.errors import JobNotFound, NoDistribution, QueueFull, WrongState
from core.jobs import Idempotency, Job, JobRequest, State
from core.jobs.searching import search

bp = APIBlueprint("jobs", __name__, url_prefix="/v1/jobs", tag="Jobs")


@bp.post("")
@bp.output(Job, status_code=202, description="The job, not yet ended")
def submit() -> Any:
    """Submit a photograph.

    Send JSON that names an object in storage, or a form with the file itself. With
    ``Prefer: wait=N`` (at most 60 seconds) the answer is the finished job, with status 200, if it
    ends in time. With an ``Idempotency-Key`` the same request, sent again within 24 hours, is
    answered with the same job.
    """
    s = services()
    parsed = parse_job(request, s.settings.max_bytes)
    check_order(s, parsed.options, parsed.webhook)
    return _answer(s, accept(s, parsed, _idempotency(s, parsed)))


@bp.post("/<job_id>/redecode")
@bp.output(Job, status_code=202, description="The new job, not yet ended")
@bp.doc(responses={409: "It has not kept what the network said"})
def redecode(job_id: str) -> Any:
    """Decode what the network said of a photograph in another way, without running it again.

    The job must have succeeded with ``keep_distribution``. It makes a new job of the same source
    with the options changed, to which all applies that applies to a submitted one.
    """
    s, asked = services(), parse_json(request, Redecode)
    job = s.jobs.get(job_id)
    order = _redecoding(job, asked)
    check_order(s, order.options, order.webhook)
    granted = [ref for ref in (job.source, job.distribution) if ref]
    return _answer(s, accept(s, order, _idempotency(s, order), granted))


@bp.get("")
@bp.input(ListQuery, location="query", arg_name="query")
@bp.output(JobPage)
def index(query: ListQuery) -> Any:
    """List jobs, newest first.

    With ``key``, at most 5,000 jobs are looked at for a page: it may be short, or empty, and still
    have a ``next``. The case of letters does not matter.
    """
    s = services()
    place = (query.state, query.limit, query.cursor, query.code, s.caller.sees)
    jobs, cursor = search(s.jobs, query.key, *place) if query.key else s.jobs.list(*place)
    return JobPage(jobs=list(jobs), next=cursor)


@bp.get("/<job_id>")
@bp.output(Job)
def show(job_id: str) -> Any:
    """Look at one job; with ``Prefer: wait=N`` as soon as it has ended, or after N seconds."""
    s = services()
    wait = parse_wait(request)
    job, waited = s.waiters.wait(s.jobs.get, s.jobs.get(job_id), wait, s.caller.owner)
    return job, 200, applied(waited, wait)


@bp.post("/<job_id>/cancel")
@bp.output(Job)
@bp.doc(responses={202: "It is storing its result and may still succeed", 409: "It has ended"})
def cancel(job_id: str) -> Any:
    """Cancel a job; as often as you like.

    A queued job never starts. A running one stops at its next stage and leaves no result; one that
    is storing its result already ends as it does, unless it has to start again.
    """
    job = services().jobs.cancel(job_id)
    return job, HTTPStatus.OK if job.state is State.CANCELED else HTTPStatus.ACCEPTED


@bp.post("/<job_id>/retry")
@bp.output(Job, status_code=202)
@bp.doc(responses={409: "It has succeeded, or has not ended"})
def retry(job_id: str) -> Any:
    """Queue a failed or canceled job again, with all its attempts."""
    s = services()
    job = s.jobs.retry(job_id, s.settings.max_queued)
    publish(s, job)
    return job


@bp.post("/retry")
@bp.output(Retried, status_code=202)
def retry_many() -> Any:
    """Queue failed jobs again, newest first: all of them, or those with one error code.

    ``more`` says that there are more such jobs; ask again, after ``Retry-After`` if that came too.
    """
    s, wanted = services(), parse_json(request, RetryFilter)
    retried, cursor = 0, None
    while retried < wanted.limit:
        most = min(500, wanted.limit - retried)
        jobs, cursor = s.jobs.list(State.FAILED, most, cursor, wanted.code, s.caller.sees)
        for job in jobs:
            try:
                retried += _retried(s, job.id)
            except QueueFull:
                if not retried:
                    raise
                return Retried(retried=retried, more=True), 202, {"Retry-After": RETRY_AFTER}
        if cursor is None:
            break
    return Retried(retried=retried, more=cursor is not None)


def _idempotency(s: Services, parsed: JobRequest | Upload) -> Idempotency | None:
    return parse_idempotency(request, parsed, s.caller.owner)


def _answer(s: Services, job: Job) -> Any:
    """Return an accepted job, as soon as it has ended if the client waits for it."""
    logs.bind(job_id=job.id)
    wait = parse_wait(request)
    job, waited = s.waiters.wait_for_accepted(s.jobs.get, job, wait, s.caller.owner)
    headers = {"Location": url_for("jobs.show", job_id=job.id), **applied(waited, wait)}
    return job, 200 if job.state.final else 202, headers


def _redecoding(job: Job, asked: Redecode) -> JobRequest:
    """Return the order of a new job.

    Raises:
        NoDistribution: the job has kept none.
    """
    if job.state is not State.SUCCEEDED or job.distribution is None:
        raise NoDistribution(
            f"the job is {job.state} and has kept no distribution; submit the photograph with "
            '"keep_distribution": true'
        )
    return JobRequest(
        source=job.source,
        destination=asked.destination,
        options=job.options.changed_by(asked.options),
        priority=asked.priority,
        webhook=asked.webhook,
        distribution=job.distribution,
    )


def _retried(s: Services, job_id: str) -> bool:
    """Queue a job again, if nobody else was faster."""
    try:
        job = s.jobs.retry(job_id, s.settings.max_queued)
    except (WrongState, JobNotFound):
        return False
    publish(s, job)
    return True
