"""``python -m benchmarks.fidelity PHOTOGRAPHS``: how far lightness is from the source's.

PHOTOGRAPHS is a folder or a tar. Each is turned to grey of 8 and 16 bits, colorized as a job would
be, and its proof read. docs/fidelity.md has the figures.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from matplotlib.figure import Figure

from benchmarks import report
from benchmarks.chroma import read
from benchmarks.quality import rgb
from core.jobs.options import Options
from core.jobs.records import Fidelity
from core.settings import Settings
from models import Catalogue
from worker.colour import Lightness, lightness
from worker.colour.compose import compose
from worker.engines import load_engine
from worker.images import Photo, decode, encode
from worker.processing import process

VIVID = Options(format="png", temperature=0.38, vividness=1)
CASES: dict[str, tuple[int, Options]] = {
    "16-bit PNG": (16, Options(format="png")),
    "PNG, TIFF": (8, Options(format="png")),
    "the same, temperature 0.38, vividness 1": (8, VIVID),
    "the same, saturation 2": (8, VIVID.model_copy(update={"saturation": 2})),
    "JPEG, quality 100": (8, Options(format="jpeg", quality=100)),
    "AVIF, 92": (8, Options(format="avif")),
    "JPEG, 92": (8, Options(format="jpeg")),
    "WebP, 92": (8, Options(format="webp")),
}
LIMIT = 10**9


@click.command()
@click.argument("photographs", type=click.Path(exists=True, path_type=Path))
@click.option("--every", type=click.IntRange(1), default=5, show_default=True)
def main(photographs: Path, every: int) -> None:
    """Colorize one in EVERY of PHOTOGRAPHS in each way; write figures and a plot."""
    settings = Settings.load()
    engine = load_engine(settings.engine, Catalogue.from_settings(settings).default())
    found: dict[str, list[Fidelity]] = {name: [] for name in CASES}
    with click.progressbar(list(read(photographs))[::every], label="Measuring") as bar:
        for _, data in bar:
            scans = {depth: grey_scan(data, depth) for depth in (8, 16)}
            for name, (depth, options) in CASES.items():
                found[name].append(process(scans[depth], engine, options, LIMIT).fidelity)
    rows = {name: summary(proofs) for name, proofs in found.items()}
    for name, row in rows.items():
        print(f"{name:40}", *(f"{key} {value:.3f}" for key, value in row.items()))
    report.write("fidelity", {"rows": rows}, draw(found))


def grey_scan(data: bytes, depth: int) -> bytes:
    """Return a photograph's own lightness as a grey PNG of 8 or 16 bits."""
    light = lightness(rgb(decode(data, LIMIT).pixels)).whole()
    colourless = np.zeros((2, 4, 4), np.float32)
    pixels = compose(Lightness(light, None, depth), colourless)
    return encode(Photo(pixels[..., 0].copy(), None, "png"), "png")


def summary(proofs: Sequence[Fidelity]) -> dict[str, float]:
    """Return the mean of the means, and the largest difference in the usual and worst case."""
    row: dict[str, float] = {}
    for when in ("before", "after"):
        most = [getattr(proof, f"max_{when}") for proof in proofs]
        row[f"{when}: mean"] = float(np.mean([getattr(each, f"mean_{when}") for each in proofs]))
        row |= {f"{when}: median max": float(np.median(most)), f"{when}: max": max(most)}
    return row


def draw(found: dict[str, list[Fidelity]]) -> Figure:
    """Draw the largest difference of every photograph after encoding."""
    figure = Figure(figsize=(8, 4))
    axis = figure.subplots()
    axis.boxplot([[each.max_after for each in proofs] for proofs in found.values()])
    axis.set_xticklabels(list(found), rotation=20, ha="right")
    axis.set(ylabel="largest |ΔL*| after encoding", yscale="log")
    axis.grid(visible=True, axis="y", alpha=0.3)
    return figure


if __name__ == "__main__":
    main()
