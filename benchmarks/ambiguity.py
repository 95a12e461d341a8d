"""``python -m benchmarks.ambiguity PHOTOGRAPHS``: whether doubt foretells the error.

PHOTOGRAPHS is a folder or a tar of colour photographs. Each is turned to grey, colorized and
compared with itself; several measures of doubt are ranked against the error. docs/control.md has
the figures.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks import metrics, report
from benchmarks.chroma import read
from benchmarks.quality import rgb
from core.settings import Settings
from models import Catalogue
from worker.colour import Decoding, Distribution, ambiguity, lightness, predict, render
from worker.colour.ambiguity import entropy, spread
from worker.engines import Engine, load_engine
from worker.images import decode

SIDE = 160
"""Longest side at which the error is measured."""
MERGED = 30
"""Side in ab of the squares whose bins are taken together."""
ERRORS = ("delta_e", "ab_rmse")
GROUPS = 5
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One photograph."""

    name: str
    doubt: dict[str, float]
    delta_e: float
    """Mean CIEDE2000 difference from the truth."""
    ab_rmse: float
    """Root mean square distance from the truth in the ab plane."""


@click.command()
@click.argument("photographs", type=click.Path(exists=True, path_type=Path))
@click.option("--model", help="Name or folder of a network; left out: the default.")
@click.option("--under", default="", help="Only those whose path begins so.")
@click.option("--every", type=click.IntRange(1), default=1, help="Only one in so many.")
def main(photographs: Path, model: str | None, under: str, every: int) -> None:
    """Rank measures of doubt against the error on PHOTOGRAPHS; write figures and a plot."""
    settings = Settings.load()
    engine = load_engine(settings.engine, Catalogue.from_settings(settings).find(model))
    found = [each for each in read(photographs) if each[0].startswith(under)][::every]
    if not found:
        raise click.UsageError(f"{photographs} holds no .jpg or .png files there")
    with click.progressbar(found, label="Measuring") as bar:
        measured = [measure(name, data, engine) for name, data in bar]
    ranks = {name: correlations(measured, name) for name in MEASURES}
    for name, row in ranks.items():
        print(f"{name:20}", *(f"{error} {value:.3f}" for error, value in row.items()))
    groups = grouped(measured)
    for group in groups:
        print(*(f"{name} {value:.3f}" for name, value in group.items()))
    result = {"photographs": len(measured), "spearman": ranks, "fifths": groups}
    report.write("ambiguity", result, draw(measured, ranks["ambiguity"]["delta_e"]))


def measure(name: str, data: bytes, engine: Engine) -> Measured:
    """Colorize one photograph by the network's own decoding, and compare."""
    truth, manifest = rgb(decode(data, 10**9).pixels), engine.model.manifest
    source = lightness(truth)
    distribution = predict(source, engine, manifest.input_size)
    how = Decoding(manifest.temperature, manifest.vividness)
    result = rgb(render(source, distribution, how))
    true_lab, lab = (metrics.to_lab(_small(each)) for each in (truth, result))
    gap = np.square(true_lab[..., 1:] - lab[..., 1:]).sum(axis=-1).mean()
    doubt = {name: float(of(distribution)) for name, of in MEASURES.items()}
    return Measured(name, doubt, metrics.delta_e(true_lab, lab), float(np.sqrt(gap)))


def merged_entropy(distribution: Distribution) -> float:
    """Return it with neighbouring bins taken together."""
    squares = np.rint(distribution.palette / MERGED)
    number = np.unique(squares, axis=0, return_inverse=True)[1].ravel()
    together = np.eye(number.max() + 1, dtype=np.float32)[number]
    merged = np.einsum("qm,qhw->mhw", together, distribution.probabilities)
    return float(entropy(replace(distribution, likely=merged, logs=False)).mean())


def distance(distribution: Distribution) -> float:
    """Return the mean distance of a colour drawn from the distribution from its mean."""
    p, palette = distribution.probabilities, distribution.palette
    mean = np.einsum("qhw,qc->chw", p, palette)
    away = np.square(palette[..., None, None] - mean).sum(axis=1)
    return float((p * np.sqrt(away)).sum(axis=0).mean())


MEASURES: dict[str, Callable[[Distribution], float]] = {
    "ambiguity": ambiguity,
    "spread, mean square": lambda distribution: float(np.square(spread(distribution)).mean()),
    "mean distance": distance,
    "entropy": lambda distribution: float(entropy(distribution).mean()),
    "entropy of squares": merged_entropy,
}


def correlations(measured: list[Measured], name: str) -> dict[str, float]:
    """Return Spearman's rank correlation of a measure with each error."""
    doubt = np.array([each.doubt[name] for each in measured])
    return {
        error: spearman(doubt, np.array([getattr(each, error) for each in measured]))
        for error in ERRORS
    }


def spearman(first: Values, second: Values) -> float:
    """Return the rank correlation of values among which next to none are equal, -1..1."""
    one, other = (np.argsort(np.argsort(values)) for values in (first, second))
    return float(np.corrcoef(one, other)[0, 1])


def grouped(measured: list[Measured]) -> list[dict[str, float]]:
    """Return ambiguity and error of each fifth of the photographs, the surest first."""
    ordered = sorted(measured, key=lambda each: each.doubt["ambiguity"])
    rows = []
    for part in np.array_split(np.arange(len(ordered)), GROUPS):
        group = [ordered[number] for number in part]
        rows.append(
            {
                "up_to": group[-1].doubt["ambiguity"],
                "delta_e": float(np.mean([each.delta_e for each in group])),
                "ab_rmse": float(np.mean([each.ab_rmse for each in group])),
            }
        )
    return rows


def draw(measured: list[Measured], correlation: float) -> Figure:
    """Draw the error over the ambiguity."""
    figure = Figure(figsize=(6, 4))
    axis = figure.subplots()
    x = [each.doubt["ambiguity"] for each in measured]
    axis.scatter(x, [each.delta_e for each in measured], s=9, alpha=0.6)
    axis.set(xlabel="ambiguity", ylabel="mean CIEDE2000 from the truth", ylim=(0, None))
    axis.set_title(f"{len(measured)} photographs, Spearman {correlation:.2f}", fontsize=10)
    axis.grid(visible=True, alpha=0.3)
    return figure


def _small(image: metrics.Image) -> metrics.Image:
    factor = SIDE / max(image.shape[:2])
    if factor >= 1:
        return image
    width, height = (max(1, round(side * factor)) for side in image.shape[1::-1])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
