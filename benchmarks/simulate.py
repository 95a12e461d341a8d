"""The service with 1 to 1,000 workers, simulated from measured times; see docs/capacity.md."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks import report
from benchmarks.simulation import page
from benchmarks.simulation.drawing import draw, draw_check
from benchmarks.simulation.keda import Keda
from benchmarks.simulation.scenarios import Burst, Row, burst, failing, growing, shape_of, size_of
from benchmarks.simulation.shape import Failures, Shape
from core.planning import Network, Rates

WORKERS = (1, 2, 4, 10, 30, 100, 300, 1000)
TOLERANCE = 0.1
DEATHS = Failures(seconds_between_deaths=120, storage_errors=0.01)


@click.command()
@click.option("--model", default="zhang-eccv16", show_default=True)
@click.option("--engine", help="Left out: the fastest that was measured.")
@click.option("--megapixels", default=12.0, show_default=True, help="A size that was measured.")
@click.option("--children", default=4, show_default=True, help="Of a worker, a core for each.")
@click.option("--bandwidth", type=float, help="Of the storage each way, MB/s.")
@click.option("--most", default=WORKERS[-1], show_default=True, help="Workers at most.")
@click.option("--burst", "burst_jobs", default=20_000, show_default=True, help="Jobs at once.")
@click.option("--target", default=20.0, show_default=True, help="KEDA's jobs for each worker.")
@click.option("--keda-most", default=30, show_default=True, help="Workers that KEDA may have.")
@click.option("--rate-file", type=click.Path(path_type=Path), help="Left out: what Tintype has.")
@click.option("--docs", is_flag=True, help="Put the figures into docs/capacity.md, too.")
@click.option("--check", is_flag=True, help="Hold the model against the real service instead.")
def main(
    model: str,
    engine: str | None,
    megapixels: float,
    children: int,
    bandwidth: float | None,
    most: int,
    burst_jobs: int,
    target: float,
    keda_most: int,
    rate_file: Path | None,
    docs: bool,
    check: bool,
) -> None:
    """Simulate fleets, a burst under KEDA, and failures; some two minutes."""
    if check:
        sys.exit(_check(docs))
    rates = Rates.read(rate_file)
    network = rates.network(model, engine)
    size = size_of(network, megapixels)
    limit = bandwidth and bandwidth * 1e6
    shape = shape_of(network, size, rates.redis, children, limit)
    title = f"{network.label}, {megapixels:g} MP, {children} children a worker"
    print(f"{title}; measured {rates.measured.date} on {rates.measured.processor}")
    rows = [_said(row) for row in growing(shape, [count for count in WORKERS if count <= most])]
    found = burst(shape, Keda(target=target, most=keda_most), burst_jobs)
    _say_burst(found)
    result: dict[str, Any] = {"network": network.label, "megapixels": megapixels}
    result |= {"children": children, "measured": rates.measured.model_dump()}
    result |= {"rows": [row.as_json() for row in rows], "burst": asdict(found)}
    redis, failures = _redis_limit(shape, network), _failures(shape)
    result |= {"redis": redis, "failures": failures}
    report.write("simulate", result, draw(rows, found, title))
    if docs:
        page.put("rates", page.rates_text(rates))
        page.put("growth", page.growth_text(rows, title))
        page.put("burst", page.burst_text(found, redis, failures))
        page.put_picture(report.FOLDER / "simulate.png")


def _said(row: Row) -> Row:
    usual = row.usual
    print(
        f"{row.workers:5} workers: {row.most.jobs_per_second:8.1f} jobs/s at most "
        f"({100 * row.efficiency:3.0f} % a worker of one alone), Redis "
        f"{row.most.redis_commands:9,.0f} commands/s, {100 * row.most.redis_share:3.0f} %; "
        f"at 80 %: in the queue p50 {usual.wait_p50 * 1e3:6.0f} ms, p95 {usual.wait_p95 * 1e3:6.0f}"
        f", p99 {usual.wait_p99 * 1e3:6.0f}, busy {100 * usual.utilization:3.0f} %; "
        f"limit: {row.limit}",
        flush=True,
    )
    return row


def _say_burst(found: Burst) -> None:
    print(
        f"KEDA, {found.jobs:,} jobs at once: a new worker works after {found.first_ready:.0f} s, "
        f"nine tenths of {found.most_workers} after {found.most_ready:.0f} s, nothing waits after "
        f"{found.empty:.0f} s; {found.idle_hours:.1f} idle hours of workers after that; "
        f"{found.interrupted} jobs were interrupted",
        flush=True,
    )


def _redis_limit(shape: Shape, network: Network) -> dict[str, float]:
    """Return where Redis' core is full, reckoned: jobs a second, and workers."""
    demand = shape.redis
    each = sum(work.total for work in shape.works) / len(shape.works)
    rate = shape.children / each
    job = demand.submit + demand.run
    workers = 1 / (rate * job + demand.idle)
    print(
        f"Redis: {job * 1e3:.2f} ms of its core a job, {demand.idle * 1e3:.2f} ms a second a "
        f"worker; full at {workers:.0f} workers and {workers * rate:.0f} jobs/s of "
        f"{network.model}"
    )
    return {"seconds_per_job": job, "idle": demand.idle, "workers": workers, "rate": workers * rate}


def _failures(shape: Shape) -> dict[str, Any]:
    """Simulate ten workers that each die every two minutes, with a storage that stumbles."""
    without, there = failing(shape, 10, DEATHS)
    print(
        f"10 workers that die every two minutes and 1 % of requests to storage that fail: "
        f"{there.retried} of the jobs were started again, {there.failed} failed, none was lost; "
        f"in the queue p99 {there.wait_p99 * 1e3:.0f} ms, without failures "
        f"{without.wait_p99 * 1e3:.0f} ms"
    )
    return {"without": asdict(without), "with": asdict(there)}


def _check(docs: bool) -> int:
    """Return 0 if the model is within a tenth of the real service everywhere."""
    from benchmarks.simulation.check import check

    rows = check()
    worst = max(abs(row["errors"][name]) for row in rows for name in ("jobs_per_second", "sojourn"))
    print(f"the largest error is {100 * worst:.1f} %")
    if (others := max(row["others"] for row in rows)) > TOLERANCE:
        print(f"other processes took up to {100 * others:.0f} % of the cores: run it without them")
    report.write("simulate-check", {"rows": rows, "worst": worst}, draw_check(rows))
    if docs:
        page.put("check", page.check_text(rows, worst))
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    main()
