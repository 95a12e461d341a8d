"""``/healthz`` and ``/readyz``: for load balancers and orchestrators."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint

from api.problems import problem
from api.schemas import Health, Readiness
from api.services import Services, services
from core import durability
from core.errors import NoLiveWorker, TintypeError
from core.heartbeats import WEBHOOKS, alive
from core.redis_client import reachable

PATIENCE = 3.0
"""Seconds for all checks: a probe waits no longer."""
SWEEP_SILENCE = 15.0
"""Seconds without a sweep, which is made every second, that are worth a warning."""
bp = APIBlueprint("health", __name__, tag="Health")


@bp.get("/healthz")
@bp.output(Health)
def live() -> Any:
    """Say that the process answers."""
    return Health(status="ok")


@bp.get("/readyz")
@bp.output(Readiness)
@bp.doc(responses={503: "Something that a job needs is away; the detail says what"})
def ready() -> Any:
    """Say whether a job submitted now would be worked on, and what could lose it later."""
    s = services()
    checks = _outcomes(s)
    if all(outcome == "ok" for outcome in checks.values()):
        return Readiness(status="ok", checks=checks, warnings=_warnings(s))
    detail = "; ".join(f"{name}: {text}" for name, text in checks.items() if text != "ok")
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", detail, checks=checks)


def _redis(s: Services) -> None:
    s.jobs.ping()
    if s.broker:
        with reachable("TINTYPE_BROKER_URL"):
            s.broker.ping()


def _workers(s: Services) -> None:
    if not alive(s.redis):
        raise NoLiveWorker("no live worker; start one with 'tintype worker'")


def _warnings(s: Services) -> dict[str, str]:
    """Return what does not keep a job from its result and still wants a look."""
    found = dict(durability.warnings(s.redis))
    if s.broker:
        found |= {f"broker {n}": text for n, text in durability.warnings(s.broker).items()}
    silence = s.jobs.seconds_since_sweep()
    if silence is None or silence > SWEEP_SILENCE:
        found["sweep"] = "no worker sweeps: jobs of workers that die are not queued again"
    if s.settings.webhook_secret and not alive(s.redis, WEBHOOKS):
        found["webhooks"] = "nobody sends webhooks; start 'tintype webhooks'"
    if not s.rules.rules and (s.senders.secrets or s.senders.topics):
        found["rules"] = "bucket events become no jobs; set TINTYPE_RULES"
    return found


CHECKS: dict[str, Callable[[Services], None]] = {
    "redis": _redis,
    "storage": lambda s: s.storage.check(s.settings.bucket),
    "workers": _workers,
}


def _outcomes(s: Services) -> dict[str, str]:
    """Make all checks at once; one that hangs does not hold up the answer."""
    pool = ThreadPoolExecutor(len(CHECKS))
    running = {name: pool.submit(_outcome, check, s) for name, check in CHECKS.items()}
    wait(running.values(), timeout=PATIENCE)
    pool.shutdown(wait=False)
    late = f"no answer in {PATIENCE:.0f} s"
    return {name: check.result() if check.done() else late for name, check in running.items()}


def _outcome(check: Callable[[Services], None], s: Services) -> str:
    try:
        check(s)
    except TintypeError as error:
        return str(error)
    return "ok"
