"""The figures in docs/capacity.md: put there by the commands that measure them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.simulation.scenarios import Burst, Row
from core.planning import Rates, fit

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "capacity.md"
NOTICEABLE = 0.1
"""Of the cores, that others took while the service was measured."""


def put(name: str, text: str, page: Path = PAGE) -> None:
    """Replace what stands between a mark and the next one.

    Raises:
        ValueError: the page has no such mark.
    """
    begin, end = f"<!-- figures: {name} -->\n", "<!-- end of figures -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    old = page.read_text()
    if not pattern.search(old):
        raise ValueError(f"{page} has no mark for {name}")
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text.strip()}\n\n{end}", old))


def put_picture(path: Path) -> None:
    """Take a plot into the documentation."""
    shutil.copyfile(path, DOCS / "capacity.png")


def rates_text(rates: Rates) -> str:
    """Return how long jobs take, a row for each engine and network."""
    measured, redis = rates.measured, rates.redis
    rows = []
    for network in rates.networks:
        found = fit(network)
        slope = sum(line.slope for line in found.stages.values())
        at = {size.megapixels: size.total for size in network.sizes}
        error = "" if found.error is None else f"{100 * found.error:+.0f} %"
        memory = max(size.memory_bytes for size in network.sizes) / 1e6
        rows.append(
            f"| {network.label} | {at.get(1, 0) * 1e3:.0f} ms | {at.get(12, 0) * 1e3:.0f} ms "
            f"| {slope * 1e3:.1f} ms | {error} | {memory:.0f} MB | {network.start_seconds:.1f} s |"
        )
    head = (
        f"Of {measured.date}, on {measured.cores} cores of {measured.processor}, with a load of "
        f"{measured.load:g} before it began:\n\n"
        "| network, one core | 1 MP | 12 MP | a further MP | line at 12 MP | memory of a child at "
        "24 MP | start |\n|---|---|---|---|---|---|---|\n"
    )
    tail = (
        f"\n\nA job costs Redis {redis.commands_per_job:.0f} commands (those within scripts "
        f"counted, as `INFO` does) in {redis.trips_per_job:.0f} requests, "
        f"{redis.seconds_per_job * 1e3:.2f} ms of its one core; it takes "
        f"{redis.bytes_per_queued_job:,.0f} bytes while it waits and "
        f"{redis.bytes_per_ended_job:,.0f} when it has ended, with few of them; [of many, "
        "each takes less](performance.md#as-jobs-pile-up). A worker that is merely there asks "
        f"{redis.trips_per_worker_second:.1f} times a second, and each of its children "
        f"{redis.trips_per_child_second:.1f} times."
    )
    return head + "\n".join(rows) + tail


def growth_text(rows: Sequence[Row], title: str) -> str:
    """Return what fleets do, a row for each."""
    lines = [
        f"{title}.\n",
        "| workers | jobs/s at most | of one alone | Redis commands/s | of Redis' core | busy, at "
        "80 % | in the queue, at 80 %: p50 | p95 | p99 | limit |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        waits = (row.usual.wait_p50, row.usual.wait_p95, row.usual.wait_p99)
        lines.append(
            f"| {row.workers:,} | {row.most.jobs_per_second:,.1f} | {100 * row.efficiency:.0f} % "
            f"| {row.most.redis_commands:,.0f} | {100 * row.most.redis_share:.0f} % "
            f"| {100 * row.usual.utilization:.0f} % | "
            + " | ".join(f"{wait * 1e3:,.0f} ms" for wait in waits)
            + f" | {row.limit} |"
        )
    return "\n".join(lines)


def burst_text(found: Burst, redis: dict[str, float], failures: dict[str, Any]) -> str:
    """Return what is to be said of Redis, KEDA and failures."""
    there, without = failures["with"], failures["without"]
    return (
        f"- **Redis** is the first limit: its core is full at {redis['workers']:.0f} workers and "
        f"{redis['rate']:,.0f} jobs a second ({redis['seconds_per_job'] * 1e3:.2f} ms a job, "
        f"{redis['idle'] * 1e3:.2f} ms a second for each worker).\n"
        f"- **KEDA** and {found.jobs:,} jobs at once: the first new worker works after "
        f"{found.first_ready:.0f} s, nine tenths of {found.most_workers} after "
        f"{found.most_ready:.0f} s; nothing waits after {found.empty:.0f} s. Until they are gone, "
        f"workers stand idle for {found.idle_hours:.1f} hours in all. "
        f"{found.interrupted} jobs were interrupted.\n"
        f"- **Failures**: of ten workers each dies every two minutes, and 1 % of the requests to "
        f"storage fail. {there['retried']} jobs started again, {there['failed']} failed, none was "
        f"lost; the 99th percentile in the queue is {there['wait_p99'] * 1e3:,.0f} ms, without "
        f"failures {without['wait_p99'] * 1e3:,.0f} ms."
    )


def check_text(rows: Sequence[dict[str, Any]], worst: float) -> str:
    """Return the model beside the real service, a row for each measurement."""
    lines = [
        "| jobs | load | workers | jobs/s: measured | predicted | error | order to result: "
        "measured | predicted | error | cores taken by other processes |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        real, model, errors = row["real"], row["model"], row["errors"]
        lines.append(
            f"| {row['case']} | {row['load']} | {row['workers']} | {real['jobs_per_second']:.2f} "
            f"| {model['jobs_per_second']:.2f} | {100 * errors['jobs_per_second']:+.1f} % "
            f"| {real['sojourn'] * 1e3:,.0f} ms | {model['sojourn'] * 1e3:,.0f} ms "
            f"| {100 * errors['sojourn']:+.1f} % | {100 * row['others']:.0f} % |"
        )
    text = "\n".join(lines) + f"\n\nThe largest error is {100 * worst:.1f} %."
    others = max(row["others"] for row in rows)
    if others > NOTICEABLE:
        text += (
            f" Other processes took up to {100 * others:.0f} % of the cores in this run, of which "
            "the model knows nothing: it says little until it is repeated without them."
        )
    return text
