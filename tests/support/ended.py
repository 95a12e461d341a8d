"""Jobs that have ended, so that their webhooks have something to tell."""

from redis import Redis

from core.jobs import Attempts, Job, JobStore, Webhook
from core.jobs.deliveries import Deliveries, Delivery
from tests.support.jobs import PROBLEM, REQUEST, RESULT, started

DUE = "{tintype}:deliveries:due"


def succeeded(jobs: JobStore, attempts: Attempts, url: str) -> Job:
    """A job that has just succeeded, with one delivery to a URL."""
    job, _ = jobs.accept(REQUEST, webhook=Webhook(url=url))
    assert attempts.succeed(started(attempts, job.id), RESULT)
    return jobs.get(job.id)


def failed(jobs: JobStore, attempts: Attempts, webhook: Webhook) -> Job:
    """A job that has just failed."""
    job, _ = jobs.accept(REQUEST, webhook=webhook)
    assert attempts.fail(started(attempts, job.id), PROBLEM)
    return jobs.get(job.id)


def only_delivery(redis: Redis, job: Job) -> Delivery:
    """The one delivery of a job."""
    [delivery] = Deliveries(redis).of_job(job.id)
    return delivery


def delivery_comes_due(redis: Redis, delivery: Delivery) -> None:
    """Let the wait of a pending delivery be over."""
    assert redis.zscore(DUE, delivery.id)
    redis.zadd(DUE, {delivery.id: 1})


def delivery_grows_old(redis: Redis, delivery: Delivery, hours: float) -> None:
    """Let a delivery have been created some hours ago."""
    redis.hincrby(f"{{tintype}}:delivery:{delivery.id}", "created", -round(hours * 3_600_000))
