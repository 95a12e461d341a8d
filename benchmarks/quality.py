"""``python -m benchmarks.quality FOLDER``: how near the colours of a network are to the truth.

Every colour photograph in a folder is turned to grey, colorized and compared with itself.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cli.contact_sheet import Pair, write_contact_sheet
from core.settings import Settings
from models import Catalogue
from worker.colour import colorize, lightness
from worker.colour.compose import compose
from worker.engines import load_engine
from worker.images import decode

SHEET = 60
"""Photographs on the contact sheet, spread over the folder."""


@dataclass(frozen=True)
class Score:
    """One photograph, against the truth."""

    name: str
    psnr: float
    """Of the result in dB, over the three channels of 8-bit sRGB."""
    grey_psnr: float
    """Of the grey version."""
    chroma: float
    """Mean of sqrt(a^2 + b^2) over the result's pixels."""
    true_chroma: float


@dataclass(frozen=True)
class Summary:
    """Means over the photographs."""

    model: str
    digest: str
    temperature: float
    photographs: int
    psnr: float
    grey_psnr: float
    gain: float
    """dB of the result above grey."""
    better: float
    """Share of photographs on which the result is nearer to the truth than grey."""
    chroma_ratio: float
    """Chroma of the results over that of the truth."""


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--model", help="Name or folder of a network; left out: the default.")
@click.option("--temperature", type=click.FloatRange(0.01, 1), help="Left out: the network's own.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/quality"),
    show_default=True,
)
def main(folder: Path, model: str | None, temperature: float | None, output: Path) -> None:
    """Score a network on the colour photographs in FOLDER; write scores and a contact sheet."""
    settings = Settings.load()
    engine = load_engine(settings.engine, Catalogue.from_settings(settings).find(model))
    manifest = engine.model.manifest
    temperature = temperature or manifest.temperature
    photos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    if not photos:
        raise click.UsageError(f"{folder} holds no .jpg or .png files")
    output.mkdir(parents=True, exist_ok=True)
    shown = set(photos[:: max(1, len(photos) // SHEET)])
    scores, pairs = [], []
    with click.progressbar(photos, label="Scoring") as bar:
        for path in bar:
            truth = _rgb(decode(path.read_bytes(), settings.max_pixels).pixels)
            result = _rgb(colorize(truth, engine, manifest.input_size, temperature).rgb)
            name = path.relative_to(folder).as_posix()
            scores.append(score(name, truth, result))
            if path in shown:
                after = output / f"{name.replace('/', '-')}.png"
                Image.fromarray(result).save(after)
                pairs.append(Pair(name, path, after))
    write_contact_sheet(pairs, output / "contact-sheet.png")
    summary = summarize(scores, engine.model.name, engine.model.digest, temperature)
    report = {"summary": asdict(summary), "photographs": [asdict(item) for item in scores]}
    (output / "quality.json").write_text(json.dumps(report, indent=1))
    for name, value in asdict(summary).items():
        click.echo(f"{name:14} {value:.3f}" if isinstance(value, float) else f"{name:14} {value}")


def score(name: str, truth: NDArray[np.uint8], result: NDArray[np.uint8]) -> Score:
    """Compare a result with the truth, both (h, w, 3) uint8."""
    grey = _rgb(compose(lightness(truth), np.zeros((2, 1, 1), np.float32)))
    return Score(name, psnr(truth, result), psnr(truth, grey), chroma(result), chroma(truth))


def psnr(truth: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio in dB; at most 99, where both are the same."""
    error = float(np.mean((truth.astype(np.float32) - other) ** 2))
    return min(99.0, 10 * float(np.log10(255**2 / max(error, 1e-9))))


def chroma(rgb: NDArray[np.uint8]) -> float:
    """Return the mean CIELAB chroma of sRGB pixels."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def summarize(scores: list[Score], model: str, digest: str, temperature: float) -> Summary:
    """Return the means."""
    ours, grey = fmean(s.psnr for s in scores), fmean(s.grey_psnr for s in scores)
    return Summary(
        model=model,
        digest=digest,
        temperature=temperature,
        photographs=len(scores),
        psnr=ours,
        grey_psnr=grey,
        gain=ours - grey,
        better=fmean(s.psnr > s.grey_psnr for s in scores),
        chroma_ratio=fmean(s.chroma for s in scores) / fmean(s.true_chroma for s in scores),
    )


def _rgb(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return 8-bit RGB of grey or colour pixels of 8 or 16 bits."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return np.asarray(np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels, dtype=np.uint8)


if __name__ == "__main__":
    main()
