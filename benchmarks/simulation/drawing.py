"""Pictures of what was simulated."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.simulation.scenarios import Burst, Row


def draw(rows: Sequence[Row], burst: Burst, title: str) -> Figure:
    """Draw jobs a second, delays, Redis, and the burst."""
    figure = Figure(figsize=(11, 7.5))
    (speed, delay), (redis, scaling) = figure.subplots(2, 2)
    workers = [row.workers for row in rows]
    _speed(speed, rows, workers)
    for name, style in (("wait_p50", "-"), ("wait_p95", "--"), ("wait_p99", ":")):
        values = [max(1e-4, getattr(row.usual, name)) for row in rows]
        delay.plot(workers, values, style, color="C0", marker="o", label=name.removeprefix("wait_"))
    delay.set(xscale="log", yscale="log", xlabel="workers", ylabel="seconds in the queue")
    delay.set_title("delay at four fifths of the most")
    delay.legend()
    redis.plot(workers, [100 * row.most.redis_share for row in rows], "o-", label="queue full")
    redis.plot(workers, [100 * row.usual.redis_share for row in rows], "o--", label="four fifths")
    redis.axhline(100, color="grey", linewidth=1)
    redis.set(xscale="log", xlabel="workers", ylabel="% of Redis' one core", title="Redis")
    redis.legend()
    _scaling(scaling, burst)
    for axis in (speed, delay, redis):
        axis.grid(visible=True, which="both", alpha=0.25)
    figure.suptitle(title)
    return figure


def _speed(axis: Axes, rows: Sequence[Row], workers: Sequence[int]) -> None:
    alone = rows[0].most.jobs_per_second / workers[0]
    axis.plot(workers, [alone * count for count in workers], color="grey", label="in proportion")
    axis.plot(workers, [row.most.jobs_per_second for row in rows], "o-", label="simulated")
    limited = next((row for row in rows if row.limit != "workers"), None)
    if limited:
        axis.annotate(
            f"the limit: {limited.limit}",
            (limited.workers, limited.most.jobs_per_second),
            xytext=(0, -30),
            textcoords="offset points",
            ha="center",
        )
    axis.set(xscale="log", yscale="log", xlabel="workers", ylabel="jobs/s", title="at most")
    axis.legend(loc="upper left")


def _scaling(axis: Axes, burst: Burst) -> None:
    minutes = [each.at / 60 for each in burst.moments]
    axis.plot(minutes, [each.ready for each in burst.moments], label="workers that work")
    wanted = [each.workers for each in burst.moments]
    axis.plot(minutes, wanted, "--", color="C0", alpha=0.5, label="workers wanted")
    axis.set(xlabel="minutes", ylabel="workers", title=f"KEDA and a burst of {burst.jobs:,} jobs")
    other = axis.twinx()
    waiting = [each.waiting + each.running for each in burst.moments]
    other.fill_between(minutes, waiting, color="C1", alpha=0.25, linewidth=0)
    other.set(ylabel="jobs waiting and running (shaded)", ylim=(0, None))
    axis.set_ylim(0, None)
    axis.legend(loc="upper right")


def draw_check(rows: Sequence[dict[str, Any]]) -> Figure:
    """Draw the model beside the real service."""
    figure = Figure(figsize=(13, 4))
    for axis, name, label in zip(
        figure.subplots(1, 2, width_ratios=(1, 2)),
        ("jobs_per_second", "sojourn"),
        ("jobs/s, all at once", "seconds from order to result"),
        strict=True,
    ):
        load = "batch" if name == "jobs_per_second" else None
        part = [row for row in rows if load in (None, row["load"])]
        places = range(len(part))
        axis.bar([x - 0.2 for x in places], [r["real"][name] for r in part], 0.4, label="measured")
        axis.bar(
            [x + 0.2 for x in places], [r["model"][name] for r in part], 0.4, label="predicted"
        )
        axis.set_xticks(
            list(places), [f"{r['case']}\n{r['load']}\n{r['workers']}" for r in part], fontsize=7
        )
        axis.set_title(label)
        axis.legend()
    return figure
