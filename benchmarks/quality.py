"""``python -m benchmarks.quality FOLDER``: how near the colours of a network are to the truth.

Every colour photograph in a folder is turned to grey, colorized and compared with itself.
docs/models/quality.md says what the figures mean and which ones others have published.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import isnan
from pathlib import Path
from statistics import fmean

import click
import numpy as np
from numpy.typing import NDArray
from PIL.Image import fromarray

from benchmarks import metrics
from benchmarks.metrics import Image
from benchmarks.sheet import Strip, write_sheet
from core.errors import TintypeError
from core.settings import Settings
from models import Catalogue
from training.bins import SoftEncoder
from worker.colour import Decoding, colorize, lightness
from worker.colour.compose import compose
from worker.engines import Engine, load_engine
from worker.images import decode

SHEET = 60
"""Photographs on the contact sheet, spread over the folder."""


@dataclass(frozen=True)
class Score:
    """One photograph, against the truth; see ``benchmarks.metrics`` for what each figure is."""

    name: str
    psnr: float
    grey_psnr: float
    ssim: float
    delta_e: float
    chroma: float
    true_chroma: float
    colourfulness: float
    true_colourfulness: float
    accuracy: float
    patchiness: float
    true_patchiness: float
    near_edges: float | None
    elsewhere: float | None


@dataclass(frozen=True)
class Summary:
    """Means over the photographs, and what only all of them together tell."""

    model: str
    digest: str
    temperature: float
    vividness: float
    photographs: int
    psnr: float
    grey_psnr: float
    gain: float
    """dB of the result above grey."""
    better: float
    """Share of photographs on which the result is nearer to the truth than grey."""
    ssim: float
    delta_e: float
    chroma_ratio: float
    """Chroma of the results over that of the truth."""
    colourfulness_ratio: float
    accuracy: float
    """Raw, as in Zhang et al. 2016."""
    balanced_accuracy: float
    """Class-balanced: each colour counts as much as any other."""
    patchiness: float
    true_patchiness: float
    worst_patchiness: float
    near_edges: float | None
    """Distance in ab near strong edges of lightness, where colour bleeds."""
    elsewhere: float | None


@dataclass(frozen=True)
class Measured:
    """A photograph's scores, and what the class-balanced figure needs of it."""

    score: Score
    histogram: NDArray[np.int64]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--model", help="Name or folder of a network; left out: the default.")
@click.option("--temperature", type=click.FloatRange(0.01, 1), help="Left out: the network's own.")
@click.option("--vividness", type=click.FloatRange(0, 1), help="Left out: the network's own.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/quality"),
    show_default=True,
)
def main(
    folder: Path,
    model: str | None,
    temperature: float | None,
    vividness: float | None,
    output: Path,
) -> None:
    """Score a network on the colour photographs in FOLDER; write scores and a contact sheet."""
    settings = Settings.load()
    engine = load_engine(settings.engine, Catalogue.from_settings(settings).find(model))
    encoder = SoftEncoder(engine.palette)
    manifest = engine.model.manifest
    decoding = Decoding(
        temperature or manifest.temperature,
        manifest.vividness if vividness is None else vividness,
    )
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    if not paths:
        raise click.UsageError(f"{folder} holds no .jpg or .png files")
    shown = set(paths[:: max(1, len(paths) // SHEET)])
    measured: list[Measured] = []
    strips: list[Strip] = []
    with click.progressbar(paths, label="Scoring") as bar:
        for path in bar:
            name = path.relative_to(folder).as_posix()
            try:
                truth = rgb(decode(path.read_bytes(), settings.max_pixels).pixels)
            except TintypeError as error:
                click.echo(f"{name}: {error}", err=True)
                continue
            source = lightness(truth)
            grey = rgb(compose(source, np.zeros((2, 1, 1), np.float32)))
            result = rgb(colorize(source, engine, manifest.input_size, decoding).rgb)
            measured.append(measure(name, truth, grey, result, encoder))
            if path in shown:
                strips.append(Strip(name, tuple(map(fromarray, (truth, grey, result)))))
    summary = summarize(measured, engine, decoding)
    write(output, summary, [item.score for item in measured], strips)


def measure(name: str, truth: Image, grey: Image, result: Image, encoder: SoftEncoder) -> Measured:
    """Compare a result and the grey version with the truth."""
    true_lab, lab = metrics.to_lab(truth), metrics.to_lab(result)
    distance = metrics.distances(true_lab, lab)
    histogram = metrics.histogram(distance, encoder.nearest(true_lab[..., 1:]), encoder.size)
    edges = metrics.edge_errors(true_lab, lab, metrics.edge_reach(truth.shape))
    near_edges, elsewhere = (None if isnan(error) else error for error in edges)
    score = Score(
        name=name,
        psnr=metrics.psnr(truth, result),
        grey_psnr=metrics.psnr(truth, grey),
        ssim=metrics.ssim(truth, result),
        delta_e=metrics.delta_e(true_lab, lab),
        chroma=metrics.chroma(lab),
        true_chroma=metrics.chroma(true_lab),
        colourfulness=metrics.colourfulness(result),
        true_colourfulness=metrics.colourfulness(truth),
        accuracy=metrics.accuracy(histogram),
        patchiness=metrics.patchiness(lab),
        true_patchiness=metrics.patchiness(true_lab),
        near_edges=near_edges,
        elsewhere=elsewhere,
    )
    return Measured(score, histogram)


def summarize(measured: Sequence[Measured], engine: Engine, decoding: Decoding) -> Summary:
    """Return the means."""
    scores = [item.score for item in measured]

    def mean(field: str) -> float:
        return fmean(getattr(score, field) for score in scores)

    return Summary(
        model=engine.model.name,
        digest=engine.model.digest,
        temperature=decoding.temperature,
        vividness=decoding.vividness,
        photographs=len(scores),
        psnr=mean("psnr"),
        grey_psnr=mean("grey_psnr"),
        gain=mean("psnr") - mean("grey_psnr"),
        better=fmean(score.psnr > score.grey_psnr for score in scores),
        ssim=mean("ssim"),
        delta_e=mean("delta_e"),
        chroma_ratio=mean("chroma") / mean("true_chroma"),
        colourfulness_ratio=mean("colourfulness") / mean("true_colourfulness"),
        accuracy=mean("accuracy"),
        balanced_accuracy=metrics.balanced_accuracy(
            np.sum([item.histogram for item in measured], axis=0)
        ),
        patchiness=mean("patchiness"),
        true_patchiness=mean("true_patchiness"),
        worst_patchiness=max(score.patchiness for score in scores),
        near_edges=mean_of_known([score.near_edges for score in scores]),
        elsewhere=mean_of_known([score.elsewhere for score in scores]),
    )


def mean_of_known(values: Sequence[float | None]) -> float | None:
    """Return the mean of what is not None, if there is anything."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def write(output: Path, summary: Summary, scores: Sequence[Score], strips: Sequence[Strip]) -> None:
    """Write JSON and a contact sheet (truth, grey, result), and print the summary."""
    output.mkdir(parents=True, exist_ok=True)
    report = {"summary": asdict(summary), "photographs": [asdict(score) for score in scores]}
    (output / "quality.json").write_text(json.dumps(report, indent=1))
    write_sheet(strips, output / "contact-sheet.jpg")
    for field in fields(summary):
        value = getattr(summary, field.name)
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        click.echo(f"{field.name:20} {shown}")


def rgb(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return 8-bit RGB of grey or colour pixels of 8 or 16 bits."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return np.asarray(np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels, dtype=np.uint8)


if __name__ == "__main__":
    main()
