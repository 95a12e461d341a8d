"""How much slower cores are when all of them work: they share caches, memory and heat."""

import json
import subprocess
import sys
import time
from statistics import median

import click

from core.cores import cores
from core.jobs import Options
from models import Catalogue
from models.catalogue import BUNDLED

SECONDS = 3.0


@click.command()
def main() -> None:
    """Say that the network is loaded; on a line of input, colorize for a while and say how fast."""
    from benchmarks.pipeline import picture
    from core.settings import Settings
    from worker.engines import load_engine
    from worker.processing import process

    data = picture(1, "grey")
    model = Catalogue.from_settings(Settings(model=BUNDLED)).get(BUNDLED)
    engine = load_engine("auto", model, 1)
    process(data, engine, Options(), 10**9)
    print("ready", flush=True)
    while sys.stdin.readline():
        times, end = [], time.perf_counter() + SECONDS
        while (began := time.perf_counter()) < end:
            process(data, engine, Options(), 10**9)
            times.append(time.perf_counter() - began)
        print(json.dumps(median(times)), flush=True)


def slowdown() -> float:
    """Return how many times as long the same takes when every core does it, 1 or more."""
    command = [sys.executable, "-m", "benchmarks.simulation.contention"]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(cores())
    ]
    try:
        for child in children:
            _heard(child)
        alone = _timed(children[:1])
        return max(1.0, _timed(children) / alone)
    finally:
        for child in children:
            child.communicate()


def _timed(children: "list[subprocess.Popen[str]]") -> float:
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    return median(float(_heard(child)) for child in children)


def _heard(child: "subprocess.Popen[str]") -> str:
    assert child.stdout
    line = child.stdout.readline()
    if not line:
        raise RuntimeError("a process that measures has died")
    return line


if __name__ == "__main__":
    main()
