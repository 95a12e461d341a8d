"""Resident memory of one worker child over 5,000 jobs."""

import click
import psutil
from matplotlib.figure import Figure

from benchmarks import report
from benchmarks.harness import running
from benchmarks.pipeline import picture
from core.settings import Settings
from models.catalogue import BUNDLED

STEP = 100
SETTLED = 500


@click.command()
@click.option("--jobs", default=5000, show_default=True)
@click.option("--engine", default="auto", show_default=True)
def main(jobs: int, engine: str) -> None:
    """Send jobs through one child and watch its memory."""
    sizes: list[tuple[int, float]] = []
    photos = [picture(megapixels, "grey") for megapixels in (0.1, 0.2, 0.3)]
    with running(Settings(model=BUNDLED, engine=engine, concurrency=1)) as service:
        sources = [service.put(f"in/{i}.jpg", photo) for i, photo in enumerate(photos)]
        (pid,) = service.child_pids()
        child = psutil.Process(pid)
        for done in range(0, jobs, STEP):
            for number in range(STEP):
                service.submit(sources[number % 3], f"out/{number}.jpg")
            service.wait_for(done + STEP)
            sizes.append((done + STEP, child.memory_info().rss / 1e6))
        assert service.child_pids() == [pid], "the child was replaced; nothing was measured"
    settled, last = dict(sizes)[min(SETTLED, jobs)], sizes[-1][1]
    growth = last / settled - 1
    print(f"{settled:.0f} MB after {SETTLED} jobs, {last:.0f} MB after {jobs}: {growth:+.1%}")
    figure = Figure(figsize=(7, 3.5))
    axis = figure.subplots()
    axis.plot(*zip(*sizes, strict=True))
    axis.set(xlabel="jobs", ylabel="resident MB", ylim=(0, None), title="one worker child")
    report.write("leak", {"resident_mb": sizes, "growth": growth}, figure)


if __name__ == "__main__":
    main()
