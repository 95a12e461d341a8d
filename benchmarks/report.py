"""What every benchmark leaves behind: a JSON file with the machine's description, and a plot."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from core.cores import cores
from core.machine import processor, versions

FOLDER = Path("build/bench")

mpl.use("agg")


def machine() -> dict[str, Any]:
    """Return what figures depend on: processor, cores, Python and the packages' versions."""
    return {"processor": processor(), "cores": cores(), **versions()}


def write(name: str, result: Mapping[str, Any], figure: Figure) -> None:
    """Write ``<name>.json`` and ``<name>.png``."""
    folder = FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), **result}
    (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    for axis in figure.axes:
        bottom, top = axis.get_ylim()
        if bottom == 0:
            axis.set_ylim(0, 1.1 * top)
    figure.set_layout_engine("constrained")
    figure.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
    print(f"{folder / name}.json and .png")


def interleaved(
    calls: Mapping[str, Callable[[], object]], rounds: int, warm: int = 1
) -> dict[str, float]:
    """Return the median milliseconds of each call; they take turns, so that noise hits all."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(warm + rounds):
        for name, call in calls.items():
            began = perf_counter()
            call()
            if turn >= warm:
                times[name].append((perf_counter() - began) * 1e3)
    return {name: median(values) for name, values in times.items()}
