"""Harm that clients and their images do, and that receivers of webhooks suffer."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from cli.stack import servers
from core.jobs import State
from core.jobs.deliveries import Deliveries, DeliveryState
from tests.faults.fleet import Fleet
from tests.faults.harm.registry import fault
from tests.faults.load import Load
from tests.support.receivers import hang, receiving, status
from tests.support.waiting import eventually


@fault("result deleted before a cached answer")
def result_deleted(fleet: Fleet, load: Load) -> None:
    """A result is there for whoever asks again, whether or not it can be taken from the cache."""
    first = load.ended()
    for job in first[::2]:
        assert job.destination
        fleet.storage._client.delete_object(Bucket=job.destination.bucket, Key=job.destination.key)
    again = [fleet.jobs.get(_submit(fleet, job.source.model_dump())) for job in first]
    ended = eventually(lambda: _all_ended(fleet, [job.id for job in again]), 60, "the end") or []
    assert all(job.state is State.SUCCEEDED for job in ended)
    assert [job.cached for job in ended] == [number % 2 == 1 for number in range(len(first))]


def _submit(fleet: Fleet, source: dict[str, str], **headers: str) -> str:
    answer = urllib3.request(
        "POST", f"{fleet.url}/v1/jobs", json={"source": source}, headers=headers, timeout=10
    )
    assert answer.status in (200, 202), answer.data
    return str(answer.json()["id"])


def _all_ended(fleet: Fleet, ids: list[str]) -> list[Any] | None:
    jobs = [fleet.jobs.get(job_id) for job_id in ids]
    return jobs if all(job.state.final for job in jobs) else None


@fault(
    "poison image among good ones",
    load={"poison": [b"POISON"]},
    codes=frozenset({"worker_lost"}),
    must_fail=1,
)
def poison(fleet: Fleet, load: Load) -> None:
    """An image that kills its process takes down its own attempts and no more."""
    with fleet.changed("worker-1", FAULTS="poison=1"), fleet.changed("worker-2", FAULTS="poison=1"):
        jobs = load.ended()
        [dead] = [job for job in jobs if job.state is State.FAILED]
        assert dead.attempt == fleet.settings.max_attempts
        assert dead.source.key.endswith(f"{load.count:04}.jpg")


@fault("50 equal orders at once")
def equal_orders(fleet: Fleet, load: Load) -> None:
    """One key, one job."""
    source = load._source(0).model_dump()
    key = {"Idempotency-Key": f"equal-{random.getrandbits(64)}"}
    with ThreadPoolExecutor(50) as pool:
        ids = list(pool.map(lambda _: _submit(fleet, source, **key), range(50)))
    assert len(set(ids)) == 1


@fault("webhook receiver down, slow, failing, then well")
def webhooks(fleet: Fleet, load: Load) -> None:
    """A dead receiver delays no job, and is told everything once it is well."""
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}/hook"
    told = Load(fleet, 100, order={"webhook": {"url": url}})
    load.more.append(told)
    told.prepare()
    told.start()
    time.sleep(2)
    ill = [hang, hang, *[status(500)] * 30]
    with receiving(*ill, status(200), port=port) as receiver:
        ids = [job.id for job in told.ended()]
        eventually(lambda: _all_told(fleet, ids), 60, "the delivery of all webhooks")
    heard = [
        message.headers["webhook-id"].split(".")[0] for message in receiver.messages[len(ill) :]
    ]
    # At least once: what is asked for again while it is under way comes twice.
    assert set(heard) == set(ids)


def _all_told(fleet: Fleet, ids: list[str]) -> bool:
    """Ask for what waits after a failed try to be sent now; whether nothing is left."""
    deliveries = Deliveries(fleet.redis)
    found = [each for job_id in ids for each in deliveries.of_job(job_id)]
    for each in found:
        if each.state is DeliveryState.PENDING and len(each.tries) > 1:
            deliveries.redeliver(each.id)
    return len(found) == len(ids) and all(each.state is DeliveryState.DELIVERED for each in found)


@fault("jobs canceled at random", codes=frozenset())
def canceled(fleet: Fleet, load: Load) -> None:
    """Cancelled jobs leave no result, whatever they were doing."""
    while not load.done:
        for job_id in load.ids[-3:]:
            answer = urllib3.request(
                "POST", f"{fleet.url}/v1/jobs/{job_id}/cancel", timeout=10, retries=False
            )
            assert answer.status in (200, 202, 409)
        time.sleep(random.uniform(0, 0.1))
    assert any(job.state is State.CANCELED for job in load.ended())
