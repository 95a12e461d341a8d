"""How a plan is shown."""

from dataclasses import asdict
from typing import Any

from core.planning import Plan
from core.planning.plan import DAY
from core.planning.rates import Measured

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def size(value: float) -> str:
    """Return bytes as people say them, in powers of 1000."""
    index = 0
    while value >= 999.5 and index < len(UNITS) - 1:
        value, index = value / 1000, index + 1
    return f"{value:.3g} {UNITS[index]}"


def number(value: float) -> str:
    """Return three digits, and all of them from a thousand on."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def as_json(plan: Plan) -> dict[str, Any]:
    """Return a plan for programs; bytes and seconds."""
    content = asdict(plan)
    fit = content.pop("fit")
    stages = {name: line.at(plan.demand.megapixels) for name, line in plan.fit.stages.items()}
    content["stages"] = stages
    content["fit_error"], content["fit_tested"] = fit["error"], fit["tested"]
    content["extrapolated"] = plan.extrapolated
    return content


def as_text(plan: Plan, measured: Measured, label: str) -> str:
    """Return a plan for people."""
    sections = (
        _task(plan),
        _workers(plan),
        _storage(plan),
        _redis(plan),
        _measured(plan, measured, label),
    )
    width = max(len(name) for rows in sections for name, _ in rows) + 2
    blocks = ("\n".join(f"{name:{width}}{text}" for name, text in rows) for rows in sections)
    return "\n\n".join(blocks)


def _task(plan: Plan) -> list[tuple[str, str]]:
    demand = plan.demand
    return [
        (
            "task",
            f"{demand.images:,} images of {demand.megapixels:g} MP in {_days(plan.seconds)}, "
            f"{number(plan.images_per_second)} a second",
        )
    ]


def _days(seconds: float) -> str:
    days = seconds / DAY
    return f"{number(days)} days" if days >= 1 else f"{number(seconds / 3600)} hours"


def _workers(plan: Plan) -> list[tuple[str, str]]:
    workers, how = plan.workers, plan.layout
    return [
        (
            "workers",
            f"{workers.count:,} with {how.children} cores each, {workers.cores:,} cores in all; "
            f"busy {100 * workers.busy:.0f} % of the time",
        ),
        (
            "a child",
            f"{plan.seconds_per_image:.3g} s an image on one core: " + _stages(plan),
        ),
        (
            "memory",
            f"{size(workers.memory)} in all: {size(workers.memory_per_worker)} a worker, "
            f"{size(workers.memory_per_child)} of them each child at the most",
        ),
    ]


def _stages(plan: Plan) -> str:
    seconds = {name: line.at(plan.demand.megapixels) for name, line in plan.fit.stages.items()}
    parts = [f"{name} {1e3 * value:.0f}" for name, value in seconds.items() if value >= 5e-4]
    return ", ".join(parts) + " ms"


def _storage(plan: Plan) -> list[tuple[str, str]]:
    traffic = plan.traffic
    return [
        (
            "storage, read",
            f"{size(traffic.bytes_in)}; {size(traffic.mean_in)}/s on average, "
            f"{size(traffic.peak_in)}/s while all work",
        ),
        (
            "storage, written",
            f"{size(traffic.bytes_out)}; {size(traffic.mean_out)}/s on average, "
            f"{size(traffic.peak_out)}/s while all work",
        ),
        (
            "requests",
            f"{traffic.requests:,}: a GET, a LIST and a PUT an image, "
            f"{number(traffic.requests / plan.seconds)} a second",
        ),
    ]


def _redis(plan: Plan) -> list[tuple[str, str]]:
    redis, kept = plan.redis, plan.layout.kept_seconds
    return [
        (
            "Redis, work",
            f"{redis.commands_per_second:,.0f} commands a second, "
            f"{number(100 * redis.core_share)} % of its one core; "
            f"{redis.peak_commands_per_second:,.0f} and "
            f"{number(100 * redis.peak_core_share)} % while all work",
        ),
        (
            "Redis, memory",
            f"{size(redis.queue_bytes)} for what waits, {size(redis.kept_bytes)} for what has "
            f"ended and is kept {_days(kept)}; as a batch {size(redis.batch_bytes)} in all",
        ),
    ]


def _measured(plan: Plan, measured: Measured, label: str) -> list[tuple[str, str]]:
    fit = plan.fit
    if fit.error is None:
        error = "no size was left out to test them"
    else:
        sizes = ", ".join(f"{each:g}" for each in fit.tested)
        error = f"{round(100 * fit.error):+} % off at {sizes} MP, which they were not fitted to"
    return [
        (
            "measured",
            f"{label}, {measured.date}, on {measured.cores} cores of {measured.processor} "
            f"({measured.command})",
        ),
        ("times", f"fitted from {fit.smallest:g} to {fit.largest:g} MP; {error}"),
    ]
